// Package web serves what people see in a browser: the feed as one script for any page, a first page, the feed as an
// app, the console and the dashboards.
//
// It hides the files, which `make build` makes from the TypeScript in this folder and the program embeds; a program compiled
// without them says so. It guarantees that pages work on a closed network and run nothing but their own scripts: their policy
// allows no other origin, and nothing inline but a script of the build, by its digest. It knows no key and reads no data: what it serves asks the API, with the key that
// its user gives.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

//go:embed dist
var embedded embed.FS

// policy is of our own pages. Templates of the feed are the one thing that makes HTML, under the
// Trusted Types policy "lit-html"; "fil-app" names the app's worker. What follows 'self' is the digest of a script that a page
// of the build has in itself, so that no other one runs.
const policy = "default-src 'none'; script-src 'self'%s; style-src 'self'; connect-src 'self'; img-src 'self'; worker-src 'self'; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html fil-app"

// Built gives the files that the program embeds.
func Built() fs.FS {
	files, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(fmt.Sprintf("files in the binary cannot be read: %v", err)) // impossible: they are part of the program
	}
	return files
}

// scripts are for pages of any origin, at an address that stays; the others are in /assets/.
var scripts = map[string]bool{"fil-feed.js": true, "fil-sdk.js": true, first: true}

// first is served in the place of the script of the element, which it fetches.
const first = "fil-feed-first.js"

// pages are where a browser wants them: a worker reaches no further than the folder that it is served from.
var pages = map[string]string{"index.html": "/", "app.html": "/app/", "console.html": "/console/", "dashboards.html": "/dashboards/", "worker.js": "/app/worker.js", "manifest.webmanifest": "/app/manifest.webmanifest"}

// brotli ends the names of the files that the build made of others.
const brotli = ".br"

const (
	revalidated = "no-cache"
	forever     = "public, max-age=31536000, immutable"
)

// Handler serves a build: "/", "/console/", "/dashboards/", "/app/…", "/assets/…", the scripts for other pages ("/fil-feed.js" and "/fil-sdk.js"), each also under an
// address that has its digest and never changes ("/assets/fil-feed.DIGEST.js"), and "/fil-feed.json", which tells that address
// and the integrity to ask for. "/fil-feed.js" is a first part that fetches the one that never changes. Any other path is not found. Answers are revalidated by their ETag, and compressed for who takes brotli or gzip.
func Handler(build fs.FS) http.Handler {
	served := map[string]file{}
	entries, err := fs.ReadDir(build, ".")
	if err != nil {
		panic(fmt.Sprintf("files in the binary cannot be read: %v", err))
	}
	for _, entry := range entries {
		if path.Ext(entry.Name()) == brotli {
			continue // served in the place of the file that it is of
		}
		content, err := fs.ReadFile(build, entry.Name())
		if err != nil {
			panic(fmt.Sprintf("files in the binary cannot be read: %v", err))
		}
		smaller, _ := fs.ReadFile(build, entry.Name()+brotli) // or there is none
		place(served, entry.Name(), content, smaller)
	}
	if _, ok := served["/"]; !ok {
		served["/"] = served["/assets/unbuilt.html"]
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := served[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		f.answer(w, r)
	})
}

func place(served map[string]file, name string, content, smaller []byte) {
	f := newFile(name, content)
	f.brotli = smaller
	switch {
	case pages[name] != "":
		served[pages[name]] = f
	case name == first:
		served["/fil-feed.js"] = f
	case scripts[name]:
		served["/assets/"+name] = f
		if _, ok := served["/"+name]; !ok { // names are in order: first comes before
			served["/"+name] = f
		}
		stem, fixed := strings.TrimSuffix(name, ".js"), f
		sum := sha256.Sum256(content)
		fixed.cache = forever
		at := "/assets/" + stem + "." + hex.EncodeToString(sum[:8]) + ".js"
		served[at] = fixed
		seal := sha512.Sum384(content)
		told, _ := json.Marshal(map[string]string{"script": at, "integrity": "sha384-" + base64.StdEncoding.EncodeToString(seal[:])})
		served["/"+stem+".json"] = newFile(stem+".json", append(told, '\n'))
	default:
		served["/assets/"+name] = f
	}
}

// file is one answer, as it is and compressed: in brotli as the build made it, in gzip as made here.
type file struct {
	name, etag, media, cache string
	policy                   string
	open                     bool // to pages of any origin
	plain, gzip, brotli      []byte
}

func newFile(name string, content []byte) file {
	sum := sha256.Sum256(content)
	f := file{
		name: name, etag: base64.RawURLEncoding.EncodeToString(sum[:12]), media: mediaOf(name), cache: revalidated, plain: content,
		open: scripts[name] || strings.HasSuffix(name, ".json"), policy: policyOf(name, content),
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(content) // to memory
	_ = w.Close()
	if out.Len() < len(content) {
		f.gzip = out.Bytes()
	}
	return f
}

var inline = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

func policyOf(name string, content []byte) string {
	digests := ""
	if path.Ext(name) == ".html" {
		for _, script := range inline.FindAllSubmatch(content, -1) {
			sum := sha256.Sum256(script[1])
			digests += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		}
	}
	return fmt.Sprintf(policy, digests)
}

func (f file) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h, content, etag := w.Header(), f.plain, f.etag
	if f.gzip != nil || f.brotli != nil {
		h.Set("Vary", "Accept-Encoding")
		switch accepted := r.Header.Get("Accept-Encoding"); {
		case f.brotli != nil && takes(accepted, "br"):
			content, etag = f.brotli, etag+".br"
			h.Set("Content-Encoding", "br")
		case f.gzip != nil && takes(accepted, "gzip"):
			content, etag = f.gzip, etag+".gz"
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Type", f.media)
	h.Set("ETag", `"`+etag+`"`)
	h.Set("Cache-Control", f.cache)
	h.Set("X-Content-Type-Options", "nosniff")
	if f.open {
		h.Set("Access-Control-Allow-Origin", "*") // for <script crossorigin integrity>; the scripts hold no secret
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	} else {
		h.Set("Content-Security-Policy", f.policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(content))
}

// takes reads Accept-Encoding as RFC 9110 section 12.5.3 says, as far as codings that are named go.
func takes(header, wanted string) bool {
	for one := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(one, " ", "")), ";")
		if coding == wanted {
			return weight != "q=0" && !strings.HasPrefix(weight, "q=0.0")
		}
	}
	return false
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
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}
