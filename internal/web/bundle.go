package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

//go:embed dist
var dist embed.FS

// bundle is the index of the embedded files. The bytes stay where the binary has them: nothing is unpacked into memory.
type bundle struct {
	languages []string         // that the pages exist in, the default first
	pages     map[string]*file // by language and name: "fr/watch"
	assets    map[string]*file // by name with hash: "watch-4F2A91CC.js"
}

// file is one embedded file, gzip-compressed.
type file struct {
	fsys fs.FS
	name string // in fsys
	kind string // Content-Type
	size int64  // compressed
	etag string
}

// pageNames are the pages that each language must have.
var pageNames = []string{
	"home", "watch", "embed", "channel", "about", "notfound", "login", "setup",
	"studio", "live", "videos", "video", "account",
	"users", "limits", "storage", "instance",
}

// kinds are the types that the bundle holds; another one is a mistake of the build.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

func openBundle(fsys fs.FS) (*bundle, error) {
	b := &bundle{languages: []string{"en", "fr"}, pages: map[string]*file{}, assets: map[string]*file{}}
	err := fs.WalkDir(fsys, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := openFile(fsys, name)
		if err != nil {
			return err
		}
		dir, base := path.Split(strings.TrimSuffix(strings.TrimPrefix(name, "dist/"), ".gz"))
		if dir == "assets/" {
			b.assets[base] = f
		} else {
			b.pages[dir+strings.TrimSuffix(base, ".html")] = f
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the pages' bundle: %w", err)
	}
	for _, lang := range b.languages {
		for _, p := range pageNames {
			if b.pages[lang+"/"+p] == nil {
				return nil, fmt.Errorf("the pages' bundle has no %s/%s.html: run \"npm ci && npm run build\" in internal/web", lang, p)
			}
		}
	}
	return b, nil
}

func openFile(fsys fs.FS, name string) (*file, error) {
	plain, ok := strings.CutSuffix(name, ".gz")
	kind := kinds[path.Ext(plain)]
	if !ok || kind == "" {
		return nil, fmt.Errorf("%s is not a file that the build makes: run \"npm ci && npm run build\" in internal/web", name)
	}
	src, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, src)
	if err != nil {
		return nil, err
	}
	etag := `W/"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"` // weak: the same for both encodings
	return &file{fsys: fsys, name: name, kind: kind, size: size, etag: etag}, nil
}

// send writes the file as it lies there to whoever takes gzip, which is every browser, and unpacks it on the way to
// others.
func (f *file) send(w http.ResponseWriter, r *http.Request, status int) error {
	src, err := f.fsys.Open(f.name)
	if err != nil {
		return err
	}
	defer src.Close()
	var body io.Reader = src
	head := w.Header()
	head.Add("Vary", "Accept-Encoding")
	head.Set("Content-Type", f.kind)
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		head.Set("Content-Encoding", "gzip")
		head.Set("Content-Length", strconv.FormatInt(f.size, 10))
	} else {
		unpacked, err := gzip.NewReader(src)
		if err != nil {
			return err
		}
		defer unpacked.Close()
		body = unpacked
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, body)
	return err
}

// matches says whether an If-None-Match header names an entity tag (RFC 9110, section 13.1.2, weak comparison).
func matches(header, etag string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(s string) bool {
		s = strings.TrimSpace(s)
		return s == "*" || strings.TrimPrefix(s, "W/") == strings.TrimPrefix(etag, "W/")
	})
}
