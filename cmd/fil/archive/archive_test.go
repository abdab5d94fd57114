package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil/cmd/fil/archive"
)

func none(string) bool { return false }

// folder makes a folder with a bit of everything.
func folder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	for name, text := range map[string]string{
		"kafka/partitions/fil.agents-0/0.dat": strings.Repeat("records ", 100), "secret.key": "\x00\x01\x02", "empty": "",
		"clickhouse/store/aad/é à/data.bin": "facts",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "clickhouse", "data", "fil")
	err := errors.Join(os.MkdirAll(data, 0o700), os.MkdirAll(filepath.Join(dir, "nothing here"), 0o750),
		os.Symlink("../../store/aad", filepath.Join(data, "facts")))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// listing is all that a folder holds: kind, permissions, bytes or target, by name.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			text, err = os.Readlink(file)
		case info.Mode().IsRegular():
			var raw []byte
			raw, err = os.ReadFile(file)
			text = string(raw)
		}
		all[name] = info.Mode().String() + " " + text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func packed(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := archive.Write(context.Background(), &b, folder(t), none); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExtract_GivesBackWhatWasWritten(t *testing.T) {
	dir, target := folder(t), filepath.Join(t.TempDir(), "out")
	var b bytes.Buffer
	in, err := archive.Write(t.Context(), &b, dir, func(name string) bool { return name == "empty" })
	if err != nil {
		t.Fatal(err)
	}
	out, err := archive.Extract(t.Context(), &b, target)
	if err != nil || in != out || in.Files != 3 {
		t.Fatalf("%+v went in and %+v came out, error %v", in, out, err)
	}
	want := listing(t, dir)
	delete(want, "empty")
	if diff := cmp.Diff(want, listing(t, target)); diff != "" {
		t.Error(diff)
	}
}

// refused expects an error, and that nothing is left.
func refused(t testing.TB, name string, raw []byte, want error) {
	t.Helper()
	parent := t.TempDir()
	if _, err := archive.Extract(context.Background(), bytes.NewReader(raw), filepath.Join(parent, "out")); !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", name, err, want)
	}
	if left, _ := os.ReadDir(parent); len(left) > 0 {
		t.Errorf("%s: %v is left", name, left)
	}
}

func TestExtract_RefusesWhatIsCutOrAltered(t *testing.T) {
	raw := packed(t)
	for at := 0; at < len(raw); at += 3 {
		refused(t, "cut", raw[:at], archive.ErrDamaged)
		if at >= 10 { // the header of gzip holds a time and a system, which nobody reads
			altered := bytes.Clone(raw)
			altered[at] ^= 0x41
			refused(t, "altered", altered, archive.ErrDamaged)
		}
	}
	refused(t, "something behind it", append(bytes.Clone(raw), raw...), archive.ErrDamaged)
	refused(t, "no archive", []byte("PK\x03\x04"), archive.ErrDamaged)
	// The sums of tar and gzip may be made right again: the seal is not.
	refused(t, "a byte of a file", repacked(t, raw, func(_ *tar.Header, text []byte) []byte {
		return bytes.ReplaceAll(text, []byte("facts"), []byte("fakes"))
	}), archive.ErrDamaged)
	refused(t, "a mode", repacked(t, raw, func(h *tar.Header, text []byte) []byte { h.Mode |= 0o111; return text }), archive.ErrDamaged)
	refused(t, "a file less", repacked(t, raw, func(h *tar.Header, text []byte) []byte {
		if h.Name == "data/empty" {
			h.Name = ""
		}
		return text
	}), archive.ErrDamaged)
	refused(t, "a later format", repacked(t, raw, func(_ *tar.Header, text []byte) []byte { return bytes.Replace(text, []byte("1\n"), []byte("2\n"), 1) }), archive.ErrNewer)
}

// repacked makes an archive again with other entries; one without a name is left out.
func repacked(t testing.TB, raw []byte, change func(*tar.Header, []byte) []byte) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return tarred(t, func(w *tar.Writer) {
		for r := tar.NewReader(in); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			text, _ := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			text = change(h, text)
			if h.Size = int64(len(text)); h.Name != "" {
				put(t, w, h, string(text))
			}
		}
	})
}

func tarred(t testing.TB, fill func(*tar.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	compressed := gzip.NewWriter(&b)
	w := tar.NewWriter(compressed)
	fill(w)
	if err := errors.Join(w.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t testing.TB, w *tar.Writer, h *tar.Header, text string) {
	t.Helper()
	h.Size = int64(len(text))
	err := w.WriteHeader(h)
	if err == nil && text != "" {
		_, err = io.WriteString(w, text)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestExtract_StaysInItsFolder(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600} }
	link := func(name, target string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
	}
	for name, entries := range map[string][]tar.Header{
		"above":                 {file("data/../x")},
		"above by the prefix":   {file("data/../../x")},
		"absolute":              {file("/etc/x")},
		"behind the prefix":     {file("data//etc/x")},
		"another prefix":        {file("x")},
		"the folder itself":     {file("data/.")},
		"a link above":          {link("data/x", "../..")},
		"a link to the root":    {link("data/x", "/etc")},
		"through a link":        {link("data/x", "y"), {Typeflag: tar.TypeDir, Name: "data/y", Mode: 0o700}, file("data/x/../../z")},
		"twice":                 {file("data/x"), file("data/x")},
		"a hard link":           {{Typeflag: tar.TypeLink, Name: "data/x", Linkname: "data/y"}},
		"a device":              {{Typeflag: tar.TypeChar, Name: "data/x"}},
		"a pipe":                {{Typeflag: tar.TypeFifo, Name: "data/x"}},
		"nothing but the start": {},
	} {
		refused(t, name, tarred(t, func(w *tar.Writer) {
			put(t, w, &tar.Header{Typeflag: tar.TypeReg, Name: "fil-backup.format", Mode: 0o600}, "1\n")
			for _, h := range entries {
				put(t, w, &h, "")
			}
		}), archive.ErrDamaged)
	}
}

func TestWrite_RefusesWhatItCouldNotGiveBack(t *testing.T) {
	dir := folder(t)
	if err := os.Symlink("/etc", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write(t.Context(), io.Discard, dir, none); err == nil || !strings.Contains(err.Error(), "out") {
		t.Errorf("a link out of the folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := archive.Write(ctx, io.Discard, folder(t), none); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := archive.Extract(ctx, bytes.NewReader(packed(t)), filepath.Join(t.TempDir(), "out")); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func FuzzExtract(f *testing.F) {
	raw := packed(f)
	in, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		f.Fatal(err)
	}
	whole, err := io.ReadAll(in)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:2000])
	f.Add(bytes.ReplaceAll(whole, []byte("../../store/aad"), []byte("../../../../aad")))
	f.Fuzz(func(t *testing.T, text []byte) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(text)
		_ = w.Close()
		parent := t.TempDir()
		dir := filepath.Join(parent, "out")
		done, err := archive.Extract(context.Background(), &b, dir)
		left, _ := os.ReadDir(parent)
		if err != nil && len(left) > 0 || err == nil && len(left) != 1 {
			t.Fatalf("error %v, and %v is there", err, left)
		}
		if err != nil {
			return
		}
		// What is accepted is sealed, so it is what a writer wrote.
		var again bytes.Buffer
		if back, err := archive.Write(context.Background(), &again, dir, none); err != nil || back != done {
			t.Fatalf("%+v came out and %+v goes in, error %v", done, back, err)
		}
	})
}
