//go:build !linux

package recording

import "os"

const maxVector = 1024

func writeVector(f *os.File, slices [][]byte, at int64) (n int, err error) {
	for _, b := range slices {
		m, err := f.WriteAt(b, at+int64(n))
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func syncData(f *os.File) error { return f.Sync() }
