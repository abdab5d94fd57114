// Package archive packs a folder into one compressed file, and takes it out again whole or not at all.
//
// An archive is a tar under gzip, which the usual tools read: an entry that says its format, the folder's entries under
// data/, and a last one that seals all of them by a SHA-256. It guarantees that what is taken out is what was put in, to the
// byte, and that nothing is written outside of the folder given, whatever the archive says. It does not encrypt, keeps
// neither owners nor times, and refuses what is no file, folder or link within the folder.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ErrDamaged is the answer for what is no archive, is cut short, or was altered.
var ErrDamaged = errors.New("the archive is cut short or altered, or is none")

// ErrNewer is the answer for an archive of a later format.
var ErrNewer = errors.New("the archive was made by a newer version of this program")

// The entries beside those of the folder. A reader of format n reads n-1.
const (
	formatEntry = "fil-backup.format"
	format      = "1\n"
	prefix      = "data/"
	sealEntry   = "fil-backup.sha256"
)

// Summary says what went into an archive, or came out of it.
type Summary struct {
	Files int
	Bytes int64 // of all files, before compression
}

// seal is a digest of all entries: of each its kind, name, permissions, size and link, then its bytes.
type seal struct{ hash hash.Hash }

func newSeal() seal { return seal{sha256.New()} }

func (s seal) entry(h *tar.Header) {
	_, _ = fmt.Fprintf(s.hash, "%c%q %o %d %q\n", h.Typeflag, h.Name, h.Mode, h.Size, h.Linkname)
}

func (s seal) text() string { return hex.EncodeToString(s.hash.Sum(nil)) + "\n" }

// Write packs a folder that nobody changes meanwhile, but for the entries that skip names by their slash-separated paths.
func Write(ctx context.Context, w io.Writer, dir string, skip func(name string) bool) (Summary, error) {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return Summary{}, fmt.Errorf("compress: %w", err)
	}
	p := packer{tar: tar.NewWriter(compressed), seal: newSeal(), dir: dir}
	err = p.text(formatEntry, format)
	if err == nil {
		err = filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
			name, relative := filepath.Rel(dir, file)
			if err = errors.Join(err, relative, ctx.Err()); err != nil || name == "." || skip(filepath.ToSlash(name)) {
				return err
			}
			return p.add(file, filepath.ToSlash(name))
		})
	}
	if err == nil {
		err = p.text(sealEntry, p.seal.text())
	}
	if err := errors.Join(err, p.tar.Close(), compressed.Close()); err != nil {
		return p.done, fmt.Errorf("pack %s: %w", dir, err)
	}
	return p.done, nil
}

type packer struct {
	tar  *tar.Writer
	seal seal
	dir  string
	done Summary
}

func (p *packer) text(name, text string) error {
	err := p.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(text))})
	if err == nil {
		_, err = io.WriteString(p.tar, text)
	}
	return err
}

func (p *packer) add(file, name string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	h := &tar.Header{Name: prefix + name, Mode: int64(info.Mode().Perm()), Format: tar.FormatPAX}
	switch {
	case info.IsDir():
		h.Typeflag = tar.TypeDir
	case info.Mode().IsRegular():
		h.Typeflag, h.Size = tar.TypeReg, info.Size()
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = os.Readlink(file); err != nil {
			return err
		}
	}
	if err := check(h); err != nil {
		return err
	}
	p.seal.entry(h)
	if err := p.tar.WriteHeader(h); err != nil || h.Typeflag != tar.TypeReg {
		return err
	}
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	// A file that grew meanwhile is refused by the tar, one that shrank leaves it unfinished.
	n, err := io.Copy(io.MultiWriter(p.tar, p.seal.hash), source)
	p.done.Files, p.done.Bytes = p.done.Files+1, p.done.Bytes+n
	return err
}

// check refuses an entry that is no file, folder or link within the folder.
func check(h *tar.Header) error {
	name, ok := strings.CutPrefix(h.Name, prefix)
	if !ok || !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00") {
		return fmt.Errorf("%q is no path within the folder", h.Name)
	}
	switch h.Typeflag {
	case tar.TypeDir, tar.TypeReg:
		return nil
	case tar.TypeSymlink:
		//nolint:gosec // this is where what leads out is refused
		if target := path.Join(path.Dir(name), h.Linkname); path.IsAbs(h.Linkname) || h.Linkname == "" || !fs.ValidPath(target) {
			return fmt.Errorf("%q leads out of the folder, to %q", h.Name, h.Linkname)
		}
		return nil
	}
	return fmt.Errorf("%q is neither a file nor a folder nor a link", h.Name)
}

// Extract takes an archive out into a new folder, and removes it again on any error. What it gives back is on the disk, but
// for the folder's own name, which is its parent's.
func Extract(ctx context.Context, r io.Reader, dir string) (done Summary, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return Summary{}, fmt.Errorf("extract archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("extract archive: %w", err), os.RemoveAll(dir))
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Summary{}, err
	}
	defer func() { _ = root.Close() }()
	compressed, err := gzip.NewReader(r)
	if err != nil {
		return Summary{}, damaged(err)
	}
	x := extractor{ctx: ctx, tar: tar.NewReader(compressed), seal: newSeal(), root: root}
	if err := x.all(); err != nil {
		return x.done, err
	}
	// What follows the seal is the end of the tar, zeros, and of the compression, with its sum.
	rest, err := io.ReadAll(io.LimitReader(compressed, maxPadding+1))
	if err != nil || len(rest) > maxPadding || len(bytes.Trim(rest, "\x00")) > 0 {
		return x.done, damaged(err)
	}
	return x.done, x.sync()
}

// maxPadding is what may follow the end of a tar: tools fill up to a record of 20 blocks.
const maxPadding = 64 << 10

func damaged(err error) error {
	if err == nil {
		return ErrDamaged
	}
	return fmt.Errorf("%w (%w)", ErrDamaged, err)
}

type extractor struct {
	ctx     context.Context //nolint:containedctx // one extraction is one call
	tar     *tar.Reader
	seal    seal
	root    *os.Root
	written []string // files, and the folders that they are in
	done    Summary
}

// Read gives the bytes of the entry in hand, and says what it means that they cannot be read.
func (x *extractor) Read(b []byte) (int, error) {
	n, err := x.tar.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

// all takes out every entry up to the seal, which must be the last.
func (x *extractor) all() error {
	if text, err := x.text(formatEntry); err != nil || text != format {
		if err == nil && len(text) > 0 && text[0] > format[0] && text[0] <= '9' {
			return ErrNewer
		}
		return damaged(err)
	}
	for {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		h, err := x.tar.Next()
		if err != nil { // io.EOF too: the seal is missing
			return damaged(err)
		}
		if h.Name == sealEntry {
			text, err := io.ReadAll(io.LimitReader(x.tar, 1024))
			if err != nil || !bytes.Equal(text, []byte(x.seal.text())) {
				return damaged(err)
			}
			if _, err := x.tar.Next(); !errors.Is(err, io.EOF) {
				return damaged(err)
			}
			return nil
		}
		if err := x.entry(h); err != nil {
			return err
		}
	}
}

// text reads the next entry, which must have a name.
func (x *extractor) text(name string) (string, error) {
	h, err := x.tar.Next()
	if err != nil || h.Name != name {
		return "", damaged(err)
	}
	text, err := io.ReadAll(io.LimitReader(x.tar, 1024))
	return string(text), err
}

func (x *extractor) entry(h *tar.Header) error {
	h.Name = strings.TrimSuffix(h.Name, "/") // that of a folder
	for record := range h.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse") { // a few bytes that would fill the disk
			return damaged(fmt.Errorf("%q is sparse", h.Name))
		}
	}
	if err := check(h); err != nil {
		return damaged(err)
	}
	x.seal.entry(h)
	name, mode := strings.TrimPrefix(h.Name, prefix), fs.FileMode(h.Mode).Perm()
	var err error
	switch h.Typeflag {
	case tar.TypeDir:
		x.written = append(x.written, name)
		err = x.root.Mkdir(name, mode|0o700)
	case tar.TypeSymlink:
		err = x.root.Symlink(h.Linkname, name)
	default:
		err = x.file(name, mode)
	}
	if errors.Is(err, fs.ErrExist) {
		return damaged(err)
	}
	return err
}

func (x *extractor) file(name string, mode fs.FileMode) error {
	target, err := x.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode|0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.MultiWriter(target, x.seal.hash), x)
	x.done.Files, x.done.Bytes, x.written = x.done.Files+1, x.done.Bytes+n, append(x.written, name)
	return errors.Join(err, target.Close())
}

// sync waits until all that was written is on the disk.
func (x *extractor) sync() error {
	for _, name := range append(x.written, ".") {
		file, err := x.root.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return fmt.Errorf("write %s to the disk: %w", name, err)
		}
	}
	return nil
}
