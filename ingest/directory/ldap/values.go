package ldap

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// form turns one value of an attribute into what a mapping takes; keep false, there is none.
type form func(raw []byte) (value string, keep bool, err error)

// errBinary is a value that no column shows as it is.
var errBinary = errors.New("is not text: write ATTRIBUTE:guid, :sid, :hex or :base64")

// forms are what may follow the name of an attribute in a column.
func forms(groups *ldap.DN) map[string]form {
	always := func(of func([]byte) (string, error)) form {
		return func(raw []byte) (string, bool, error) {
			value, err := of(raw)
			return value, true, err
		}
	}
	return map[string]form{
		"": always(func(raw []byte) (string, error) {
			if !utf8.Valid(raw) {
				return "", errBinary
			}
			return string(raw), nil
		}),
		"hex":      always(func(raw []byte) (string, error) { return hex.EncodeToString(raw), nil }),
		"base64":   always(func(raw []byte) (string, error) { return base64.RawURLEncoding.EncodeToString(raw), nil }),
		"guid":     always(GUID),
		"sid":      always(SID),
		"time":     always(func(raw []byte) (string, error) { return written(GeneralizedTime(string(raw))) }),
		"disabled": always(func(raw []byte) (string, error) { return disabled(string(raw)) }),
		"filetime": func(raw []byte) (string, bool, error) {
			at, ever, err := FileTime(string(raw))
			if err != nil || !ever {
				return "", false, err
			}
			return at.Format(time.RFC3339), true, nil
		},
		"cn": func(raw []byte) (string, bool, error) { return CommonName(string(raw), groups) },
	}
}

func written(at time.Time, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return at.UTC().Format(time.RFC3339), nil
}

// GUID writes Active Directory's 16 bytes of an objectGUID as text, its first three fields being little-endian
// (MS-DTYP 2.3.4).
func GUID(raw []byte) (string, error) {
	if len(raw) != 16 {
		return "", fmt.Errorf("a GUID has 16 bytes, not %d", len(raw))
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]),
		binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:]), nil
}

// SID writes the bytes of an objectSid as S-1-… (MS-DTYP 2.4.2).
func SID(raw []byte) (string, error) {
	if len(raw) < 8 || len(raw) != 8+4*int(raw[1]) || raw[0] != 1 {
		return "", errors.New("is not a security identifier")
	}
	authority := binary.BigEndian.Uint64(append([]byte{0, 0}, raw[2:8]...))
	out := "S-1-" + strconv.FormatUint(authority, 10)
	for rest := raw[8:]; len(rest) > 0; rest = rest[4:] {
		out += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return out, nil
}

// FileTime reads what Active Directory writes in accountExpires and the like: tenths of microseconds since 1601, in
// decimal. ever is false for 0 and for the largest number, which mean never.
func FileTime(text string) (at time.Time, ever bool, err error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, false, fmt.Errorf("%q is not a file time", clip(text))
	}
	if n == 0 || n == math.MaxInt64 {
		return time.Time{}, false, nil
	}
	const tick, toUnix = 10_000_000, 11_644_473_600 // a second; seconds from 1601 to 1970
	at = time.Unix(n/tick-toUnix, n%tick*100).UTC()
	if at.Year() > 9999 {
		return time.Time{}, false, fmt.Errorf("%q is a file time after the year 9999", text)
	}
	return at, true, nil
}

// GeneralizedTime reads RFC 4517, 3.3.13: 20260131120000Z, with or without minutes, seconds, a fraction, a zone.
func GeneralizedTime(text string) (time.Time, error) {
	for _, layout := range []string{"20060102150405Z0700", "200601021504Z0700", "2006010215Z0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as 20260131120000Z", clip(text))
}

// accountDisabled is the bit of userAccountControl that closes an account (MS-ADTS 2.2.16).
const accountDisabled = 2

func disabled(text string) (string, error) {
	flags, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is not userAccountControl's number", clip(text))
	}
	return strconv.FormatBool(flags&accountDisabled != 0), nil
}

// CommonName gives the first name of a group's distinguished name; none when the group is not below base, nil being
// anywhere.
func CommonName(text string, base *ldap.DN) (name string, below bool, err error) {
	dn, err := ldap.ParseDN(text)
	if err != nil || len(dn.RDNs) == 0 || len(dn.RDNs[0].Attributes) == 0 {
		return "", false, fmt.Errorf("%q is not a distinguished name", clip(text))
	}
	if base != nil && !base.AncestorOfFold(dn) {
		return "", false, nil
	}
	return dn.RDNs[0].Attributes[0].Value, true, nil
}

// Path makes a path in the organisation tree of the organisational units (OU) between base and an entry, the highest first.
// A "/" in a unit's name becomes "-".
func Path(text string, base *ldap.DN) (string, error) {
	dn, err := ldap.ParseDN(text)
	if err != nil {
		return "", fmt.Errorf("%q is not a distinguished name", clip(text))
	}
	if !base.EqualFold(dn) && !base.AncestorOfFold(dn) {
		return "", fmt.Errorf("%q is not below the base", clip(text))
	}
	var levels []string
	for _, rdn := range dn.RDNs[:len(dn.RDNs)-len(base.RDNs)] {
		for _, part := range rdn.Attributes {
			if strings.EqualFold(part.Type, "ou") {
				levels = append(levels, strings.ReplaceAll(strings.TrimSpace(part.Value), "/", "-"))
				break
			}
		}
	}
	slices.Reverse(levels)
	return strings.Join(levels, "/"), nil
}

// clip bounds what is quoted.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
