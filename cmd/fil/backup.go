package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/archive"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
)

type backupCommand struct {
	Data string `help:"${help_data}" placeholder:"DIR"`
	File string `arg:"" help:"${help_backup_file}"`
}

// Run packs the data folder of a server that does not run: the engines' locks are held meanwhile.
func (c *backupCommand) Run(w *world) (err error) {
	cfg, err := w.load(map[string]string{"data": c.Data})
	if err != nil {
		return err
	}
	dir, file, err := c.paths(cfg)
	if err != nil {
		return err
	}
	release, err := embedded.Hold(dir)
	if errors.Is(err, embedded.ErrInUse) {
		return said(w, fil.Bilingual{FR: "un serveur tourne sur %s : arrêtez-le d'abord", EN: "a server runs on %s: stop it first"}, dir)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	began := time.Now()
	out, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".part-*")
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	defer func() { _ = os.Remove(out.Name()) }() // gone when all went well
	summary, err := archive.Write(w.ctx, out, dir, func(name string) bool { return strings.HasSuffix(name, ".lock") && !strings.Contains(name, "/") })
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), file); err != nil {
		return fmt.Errorf("put the archive in its place: %w", err)
	}
	for setting, path := range map[string]string{"access.keys": cfg.KeysFile(), "access.secret": cfg.SecretFile()} {
		if !inside(dir, path) {
			_, _ = fmt.Fprintf(w.Err, fil.Bilingual{FR: "%s (%s) n'est pas dans ce dossier : sauvegardez-le aussi\n", EN: "%s (%s) is not in this folder: back it up too\n"}.In(language(w.Environ)), setting, path)
		}
	}
	_, err = fmt.Fprintf(w.Out, fil.Bilingual{FR: "%d fichiers, %d octets, %.1f s ; l'archive contient le secret et les noms des agents : gardez-la comme eux\n",
		EN: "%d files, %d bytes, %.1f s; the archive holds the secret and the agents' names: keep it as you keep them\n"}.In(language(w.Environ)), summary.Files, summary.Bytes, time.Since(began).Seconds())
	return err
}

// paths checks what is given: a folder that is there, and a file that is not, outside of it.
func (c *backupCommand) paths(cfg config.Config) (dir, file string, err error) {
	dir, err = filepath.Abs(cfg.Data)
	if err != nil {
		return "", "", fmt.Errorf("find the data folder: %w", err)
	}
	file, err = filepath.Abs(c.File)
	if err != nil {
		return "", "", fmt.Errorf("find the archive: %w", err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", "", usageError{fmt.Errorf("--data %s: not a folder that is there", cfg.Data)}
	}
	if inside(dir, file) {
		return "", "", usageError{fmt.Errorf("%s lies in the folder that it would hold: name a file outside of %s", c.File, cfg.Data)}
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return "", "", usageError{fmt.Errorf("%s is there already: name another file", c.File)}
	}
	return dir, file, nil
}

func inside(dir, file string) bool {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	relative, err := filepath.Rel(dir, absolute)
	return err == nil && filepath.IsLocal(relative)
}

type restoreCommand struct {
	Data string `help:"${help_data}" placeholder:"DIR"`
	File string `arg:"" help:"${help_backup_file}" type:"existingfile"`
}

// Run takes an archive out beside the data folder, and gives it the folder's name when all of it is there and right.
func (c *restoreCommand) Run(w *world) error {
	cfg, err := w.load(map[string]string{"data": c.Data})
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(cfg.Data)
	if err != nil {
		return fmt.Errorf("find the data folder: %w", err)
	}
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return said(w, fil.Bilingual{FR: "%s n'est pas un dossier vide : déplacez ce qui s'y trouve, ou restaurez ailleurs", EN: "%s is not an empty folder: move what is in it, or restore elsewhere"}, cfg.Data)
	}
	source, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	defer func() { _ = source.Close() }()
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return fmt.Errorf("make the folder above: %w", err)
	}
	began, beside := time.Now(), fmt.Sprintf("%s.restoring-%d", dir, os.Getpid())
	summary, err := archive.Extract(w.ctx, source, beside)
	switch {
	case errors.Is(err, archive.ErrNewer):
		return said(w, fil.Bilingual{FR: "%s a été écrite par une version plus récente de Fil ; rien n'a été restauré", EN: "%s was written by a newer version of Fil; nothing was restored"}, c.File)
	case errors.Is(err, archive.ErrDamaged):
		return said(w, fil.Bilingual{FR: "%s est tronquée, altérée, ou n'est pas une sauvegarde ; rien n'a été restauré", EN: "%s is cut short, altered, or no backup; nothing was restored"}, c.File)
	case err != nil:
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // empty, or it stays
		return errors.Join(fmt.Errorf("take the place of the empty folder: %w", err), os.RemoveAll(beside))
	}
	if err := os.Rename(beside, dir); err != nil {
		return errors.Join(fmt.Errorf("give the folder its name: %w", err), os.RemoveAll(beside))
	}
	_, err = fmt.Fprintf(w.Out, fil.Bilingual{FR: "%d fichiers, %d octets, %.1f s\n", EN: "%d files, %d bytes, %.1f s\n"}.In(language(w.Environ)), summary.Files, summary.Bytes, time.Since(began).Seconds())
	return err
}

// said is an error in the reader's language.
func said(w *world, text fil.Bilingual, args ...any) error {
	return fmt.Errorf(text.In(language(w.Environ)), args...)
}
