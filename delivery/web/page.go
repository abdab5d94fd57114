// Package web serves the first page: an agent's feed with why each item is there, and a content's figures.
//
// It hides the files, which are in the binary and need no build. It guarantees that the page works on a closed network
// and runs nothing but its own script: its policy allows no other origin and nothing inline. It knows no key and reads
// no data: the page asks the API for all it shows, with the key that its user gives.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed index.html assets
var files embed.FS

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page serves "/" and "/assets/"; any other path is not found. Answers are revalidated by their ETag.
func Page() http.Handler {
	served := map[string]file{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		sum := sha256.Sum256(content)
		served["/"+strings.TrimSuffix(name, "index.html")] = file{
			name: path.Base(name), content: content, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, media: mediaOf(name),
		}
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("files in the binary cannot be read: %v", err)) // impossible: they are part of the program
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := served[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.media)
		h.Set("ETag", f.etag)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
	})
}

type file struct {
	name, etag, media string
	content           []byte
}

// mediaOf does not ask the machine, whose tables differ.
func mediaOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
