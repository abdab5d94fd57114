package ldap_test

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/filengine/fil/ingest/directory/ldap"
)

func TestGUID(t *testing.T) {
	raw := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	if got, err := ldap.GUID(raw); err != nil || got != "00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := ldap.GUID(raw[1:]); err == nil {
		t.Error("15 bytes are a GUID")
	}
}

// The example is that of MS-DTYP 2.4.2.1: S-1-5-32-544, the administrators.
func TestSID(t *testing.T) {
	raw := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	if got, err := ldap.SID(raw); err != nil || got != "S-1-5-32-544" {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range [][]byte{nil, raw[:12], append(raw[:16:16], 0), {2, 0, 0, 0, 0, 0, 0, 5}} {
		if got, err := ldap.SID(bad); err == nil {
			t.Errorf("%x is %s", bad, got)
		}
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{"0": "", "9223372036854775807": "", "116444736000000000": "1970-01-01T00:00:00Z",
		"133485408000000000": "2024-01-01T00:00:00Z", "1": "1601-01-01T00:00:00.0000001Z", "-1": "!", "": "!", "demain": "!", "9223372036854775806": "!"} {
		at, ever, err := ldap.FileTime(text)
		got := ""
		if err != nil {
			got = "!"
		} else if ever {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("file time %q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"20260131120000Z": "2026-01-31T12:00:00Z", "20260131120000.0Z": "2026-01-31T12:00:00Z", "202601311200Z": "2026-01-31T12:00:00Z",
		"2026013112Z": "2026-01-31T12:00:00Z", "20260131130000+0100": "2026-01-31T12:00:00Z", "20260131120000,5Z": "2026-01-31T12:00:00.5Z",
		"20260231120000Z": "!", "20260131120000": "!", "": "!", "2026-01-31": "!"} {
		at, err := ldap.GeneralizedTime(text)
		got := at.Format(time.RFC3339Nano)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("time %q: %q, want %q", text, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	base := dn(t, "OU=Agents,DC=mairie,DC=fr")
	for text, want := range map[string]string{
		"CN=Jean,OU=Voirie,OU=DGST,OU=Agents,DC=mairie,DC=fr":               "DGST/Voirie",
		"cn=Jean,ou=Eau/Assainissement,ou= DGST ,ou=agents,dc=MAIRIE,dc=fr": "DGST/Eau-Assainissement",
		"CN=Jean,OU=Agents,DC=mairie,DC=fr":                                 "",
		"OU=Agents,DC=mairie,DC=fr":                                         "",
		`CN=Durand\, Jean,OU=Été\, hiver,OU=Agents,DC=mairie,DC=fr`:         "Été, hiver",
		"UID=1+OU=Voirie,L=Nord,OU=DGST,OU=Agents,DC=mairie,DC=fr":          "DGST/Voirie",
		"CN=Jean,OU=Autres,DC=mairie,DC=fr":                                 "!",
		"Jean":                                                              "!",
	} {
		got, err := ldap.Path(text, base)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestCommonName(t *testing.T) {
	base := dn(t, "ou=fil,ou=groupes,dc=fr")
	for text, want := range map[string]string{"CN=Cadres,OU=Fil,OU=Groupes,DC=fr": "Cadres", `cn=Eau\2C air,ou=x,ou=fil,ou=groupes,dc=fr`: "Eau, air",
		"CN=Domain Users,CN=Users,DC=fr": "", "": "!", "Cadres": "!"} {
		got, below, err := ldap.CommonName(text, base)
		if err != nil {
			got = "!"
		}
		if got != want || below != (want != "" && want != "!") {
			t.Errorf("%q: %q, below %v; want %q", text, got, below, want)
		}
	}
	if got, below, err := ldap.CommonName("CN=Domain Users,CN=Users,DC=fr", nil); got != "Domain Users" || !below || err != nil {
		t.Errorf("without a base: %q, %v, %v", got, below, err)
	}
}

func dn(t testing.TB, text string) *goldap.DN {
	t.Helper()
	parsed, err := goldap.ParseDN(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// What is written of a GUID gives its bytes back.
func FuzzGUID(f *testing.F) {
	f.Add([]byte("0123456789abcdef"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := ldap.GUID(raw)
		if (err == nil) != (len(raw) == 16) {
			t.Fatalf("%x: %q, %v", raw, text, err)
		}
		if err != nil {
			return
		}
		var back []byte
		for i, part := range strings.Split(text, "-") {
			n, err := strconv.ParseUint(part, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			switch i {
			case 0:
				back = binary.LittleEndian.AppendUint32(back, uint32(n))
			case 1, 2:
				back = binary.LittleEndian.AppendUint16(back, uint16(n))
			case 3:
				back = binary.BigEndian.AppendUint16(back, uint16(n))
			default:
				back = append(back, binary.BigEndian.AppendUint64(nil, n)[2:]...)
			}
		}
		if string(back) != string(raw) {
			t.Fatalf("%x is written %s, which is %x", raw, text, back)
		}
	})
}

// A security identifier has as many parts as its bytes say.
func FuzzSID(f *testing.F) {
	f.Add([]byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if text, err := ldap.SID(raw); err == nil && strings.Count(text, "-") != 2+int(raw[1]) {
			t.Fatalf("%x: %s", raw, text)
		}
	})
}

// A file time that is read is the number of ticks that it was.
func FuzzFileTime(f *testing.F) {
	f.Add("133485408000000000")
	f.Add("0")
	f.Add("9223372036854775806")
	f.Fuzz(func(t *testing.T, text string) {
		at, ever, err := ldap.FileTime(text)
		if err != nil || !ever {
			return
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatalf("%q is read as %s", text, at)
		}
		epoch := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
		if ticks := (at.Unix()-epoch.Unix())*1e7 + int64(at.Nanosecond()/100); ticks != n || n == math.MaxInt64 {
			t.Fatalf("%q is %s, %d ticks", text, at, ticks)
		}
	})
}

func FuzzGeneralizedTime(f *testing.F) {
	f.Add("20260131120000.0Z")
	f.Add("2026013112+0130")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ldap.GeneralizedTime(text)
		if err != nil {
			return
		}
		again, err := ldap.GeneralizedTime(at.Format("20060102150405.999999999Z"))
		if err != nil || !again.Equal(at) {
			t.Fatalf("%q is %s, which is %s, %v", text, at, again, err)
		}
	})
}

// A path never has an empty level made of nothing, more levels than the name has units, or a name that is not below the base.
func FuzzPath(f *testing.F) {
	f.Add("CN=Jean,OU=Voirie,OU=DGST,OU=Agents,DC=fr")
	f.Add(`CN=a\,b+OU=c,OU=d/e,ou=agents,dc=FR`)
	f.Fuzz(func(t *testing.T, text string) {
		base := dn(t, "OU=Agents,DC=fr")
		path, err := ldap.Path(text, base)
		if err != nil || path == "" {
			return
		}
		parsed := dn(t, text)
		if levels := strings.Count(path, "/") + 1; levels > len(parsed.RDNs)-len(base.RDNs) {
			t.Fatalf("%q has %d names, its path is %q", text, len(parsed.RDNs), path)
		}
	})
}
