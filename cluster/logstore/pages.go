package logstore

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// Bbolt's file format, version 2, as far as it is needed to trust a file: https://github.com/etcd-io/bbolt, internal/common.
// All numbers are little endian on the processors that we build for.
const (
	pageSize      = 4096
	pageHeader    = 16 // id u64, flags u16, count u16, overflow u32
	elementSize   = 16
	branchPage    = 0x01
	leafPage      = 0x02
	freelistPage  = 0x10
	metaMagic     = 0xED0CDAED
	metaVersion   = 2
	metaSize      = 64
	bucketHeader  = 16 // root u64, sequence u64
	bucketElement = 0x01
	// deepest is how many levels a tree may have. Four hold a billion entries.
	deepest = 8
)

// meta is one of the two pages from which all others are found.
type meta struct {
	root     uint64 // page of the root bucket
	freelist uint64 // page of the list of free pages
	pages    uint64 // all pages have lower numbers
	tx       uint64 // the transaction that wrote it
}

// parseMeta reads a meta from its page, without the page's header.
func parseMeta(b []byte) (meta, bool) {
	le := binary.LittleEndian
	h := fnv.New64a()
	_, _ = h.Write(b[:metaSize-8])
	if le.Uint32(b) != metaMagic || le.Uint32(b[4:]) != metaVersion || le.Uint32(b[8:]) != pageSize || le.Uint64(b[56:]) != h.Sum64() {
		return meta{}, false
	}
	return meta{root: le.Uint64(b[16:]), freelist: le.Uint64(b[32:]), pages: le.Uint64(b[40:]), tx: le.Uint64(b[48:])}, true
}

// mendMeta reads a meta that has one flipped bit, to learn its age.
func mendMeta(b []byte) (meta, bool) {
	for i := range 8 * metaSize {
		b[i/8] ^= 1 << (i % 8)
		m, ok := parseMeta(b)
		b[i/8] ^= 1 << (i % 8)
		if ok {
			return m, true
		}
	}
	return meta{}, false
}

// tree reads pages and notes which of them are used.
type tree struct {
	r    io.ReaderAt
	meta meta
	used []bool // by page number
}

// openTree finds the newest meta of a file. It does not take the older one for a newest that is damaged.
func openTree(r io.ReaderAt, size int64) (*tree, error) {
	var metas [2]meta
	var valid [2]bool
	for i := range metas {
		b := make([]byte, metaSize)
		if _, err := r.ReadAt(b, int64(i)*pageSize+pageHeader); err != nil {
			return nil, fmt.Errorf("read page %d: %w", i, err)
		}
		metas[i], valid[i] = parseMeta(b)
		if valid[i] {
			continue
		}
		var ok bool
		if metas[i], ok = mendMeta(b); !ok {
			return nil, fmt.Errorf("page %d, which refers to the others, is not valid", i)
		}
	}
	newest := 0
	if metas[1].tx > metas[0].tx {
		newest = 1
	}
	m := metas[newest]
	switch {
	case !valid[newest]: // the older one is the next to be replaced, and of no use
		return nil, fmt.Errorf("page %d, which refers to the others, is not valid", newest)
	case metas[1-newest].tx+1 != m.tx || m.tx%2 != uint64(newest):
		return nil, fmt.Errorf("pages 0 and 1 are of the changes %d and %d", metas[0].tx, metas[1].tx)
	case m.pages < 4 || m.pages > uint64(size)/pageSize:
		return nil, fmt.Errorf("it should have %d pages and has %d bytes", m.pages, size)
	}
	t := &tree{r: r, meta: m, used: make([]bool, m.pages)}
	t.used[0], t.used[1] = true, true
	return t, nil
}

// use notes that a page is used. It must not be used already.
func (t *tree) use(id uint64) error {
	if id >= uint64(len(t.used)) {
		return fmt.Errorf("page %d is beyond the end", id)
	}
	if t.used[id] {
		return fmt.Errorf("page %d is used twice", id)
	}
	t.used[id] = true
	return nil
}

// page reads a page, with those that continue it, and notes that they are used.
func (t *tree) page(id uint64) ([]byte, error) {
	if id < 2 || id >= t.meta.pages {
		return nil, fmt.Errorf("there is no page %d", id)
	}
	b := make([]byte, pageSize)
	if _, err := t.r.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	if self := binary.LittleEndian.Uint64(b); self != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, self)
	}
	more := uint64(binary.LittleEndian.Uint32(b[12:]))
	if more >= t.meta.pages-id {
		return nil, fmt.Errorf("page %d goes on beyond the end", id)
	}
	for i := range more + 1 {
		if err := t.use(id + i); err != nil {
			return nil, err
		}
	}
	if more > 0 {
		b = append(b, make([]byte, more*pageSize)...)
		if _, err := t.r.ReadAt(b[pageSize:], int64(id+1)*pageSize); err != nil {
			return nil, fmt.Errorf("read page %d: %w", id+1, err)
		}
	}
	return b, nil
}

// element is what a page holds for a key: another page, or a value.
type element struct {
	bucket bool
	page   uint64
	key    []byte
	value  []byte
}

// elements reads a page of a tree: keys ascend and lie one after the other.
func elements(b []byte) (kind uint16, all []element, err error) {
	le := binary.LittleEndian
	kind = le.Uint16(b[8:])
	if kind != branchPage && kind != leafPage {
		return 0, nil, fmt.Errorf("a page of kind %#x in a tree", kind)
	}
	n := int(le.Uint16(b[10:]))
	end := pageHeader + n*elementSize
	if end > len(b) {
		return 0, nil, fmt.Errorf("%d elements in a page", n)
	}
	all = make([]element, n)
	for i := range all {
		var e element
		at := pageHeader + i*elementSize
		var position, key, value uint64
		if kind == branchPage {
			position, key, e.page = uint64(le.Uint32(b[at:])), uint64(le.Uint32(b[at+4:])), le.Uint64(b[at+8:])
		} else {
			flags := le.Uint32(b[at:])
			if flags > bucketElement {
				return 0, nil, fmt.Errorf("an element with flags %#x", flags)
			}
			e.bucket = flags == bucketElement
			position, key, value = uint64(le.Uint32(b[at+4:])), uint64(le.Uint32(b[at+8:])), uint64(le.Uint32(b[at+12:]))
		}
		if uint64(at)+position != uint64(end) || key+value > uint64(len(b)-end) {
			return 0, nil, fmt.Errorf("element %d is not where it should be", i)
		}
		e.key, e.value = b[end:end+int(key)], b[end+int(key):end+int(key+value)]
		end += int(key + value)
		if len(e.key) == 0 || i > 0 && string(all[i-1].key) >= string(e.key) {
			return 0, nil, fmt.Errorf("the keys do not ascend")
		}
		all[i] = e
	}
	return kind, all, nil
}

// walk visits the elements of the leaves under a page in ascending order. Keys are at least low, and less than high if
// that is not nil.
func (t *tree) walk(id uint64, low, high []byte, depth int, visit func(element) error) error {
	if depth == deepest {
		return fmt.Errorf("page %d is too deep", id)
	}
	b, err := t.page(id)
	if err != nil {
		return err
	}
	kind, all, err := elements(b)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	n := len(all)
	if n == 0 { // bbolt keeps an empty bucket in its element
		return fmt.Errorf("page %d is empty", id)
	}
	if string(all[0].key) < string(low) || high != nil && string(all[n-1].key) >= string(high) {
		return fmt.Errorf("page %d: its keys belong elsewhere", id)
	}
	for i, e := range all {
		if kind == leafPage {
			if err := visit(e); err != nil {
				return err
			}
			continue
		}
		next := high
		if i+1 < n {
			next = all[i+1].key
		}
		if err := t.walk(e.page, e.key, next, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// bucket visits all that a bucket holds, given its element in the root. A small one is in the element itself.
func (t *tree) bucket(e element, visit func(element) error) error {
	le := binary.LittleEndian
	if !e.bucket || len(e.value) < bucketHeader || le.Uint64(e.value[8:]) != 0 {
		return fmt.Errorf("%q is no bucket of the log", e.key)
	}
	if root := le.Uint64(e.value); root != 0 {
		if len(e.value) != bucketHeader {
			return fmt.Errorf("bucket %q is here and elsewhere", e.key)
		}
		return t.walk(root, nil, nil, 0, visit)
	}
	b := e.value[bucketHeader:]
	if len(b) < pageHeader || le.Uint64(b) != 0 || le.Uint32(b[12:]) != 0 {
		return fmt.Errorf("bucket %q does not begin as it should", e.key)
	}
	kind, all, err := elements(b)
	if err != nil {
		return fmt.Errorf("bucket %q: %w", e.key, err)
	}
	size := pageHeader
	for _, e := range all {
		size += elementSize + len(e.key) + len(e.value)
	}
	if kind != leafPage || size != len(b) {
		return fmt.Errorf("bucket %q is no leaf of %d bytes", e.key, len(b))
	}
	for _, e := range all {
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// free reads the list of free pages, which must be all that are not used.
func (t *tree) free() error {
	le := binary.LittleEndian
	b, err := t.page(t.meta.freelist)
	if err != nil {
		return err
	}
	if kind := le.Uint16(b[8:]); kind != freelistPage {
		return fmt.Errorf("page %d is no list of free pages", t.meta.freelist)
	}
	n, ids := uint64(le.Uint16(b[10:])), b[pageHeader:]
	if n == 0xffff {
		n, ids = le.Uint64(ids), ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return fmt.Errorf("a list of %d free pages in %d bytes", n, len(b))
	}
	for i := range n {
		if err := t.use(le.Uint64(ids[8*i:])); err != nil {
			return fmt.Errorf("the list of free pages: %w", err)
		}
	}
	for id, used := range t.used {
		if !used {
			return fmt.Errorf("page %d is neither used nor free", id)
		}
	}
	return nil
}
