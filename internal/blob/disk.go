package blob

// Disk is how the disk of the recordings stands, in bytes.
type Disk struct {
	Free, Total int64
	Reserve     int64 // of Free, that recordings leave alone
	Low         bool  // less than the reserve is free: nothing is recorded
	Err         error // why nothing is known of it; then nothing stops recordings
}

// Disk asks the system, at most once a second.
func (s *Store) Disk() Disk {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.looked) < diskTrust {
		return s.disk
	}
	s.looked = now
	d := Disk{Reserve: s.cfg.Reserve}
	if d.Free, d.Total, d.Err = s.statfs(s.recordings); d.Err == nil {
		d.Reserve = max(d.Reserve, int64(float64(d.Total)*s.cfg.ReservePercent/100))
		d.Low = d.Free < d.Reserve
	}
	s.disk = d
	return d
}

// Free is how many bytes recordings may take yet; ok is false if there is no room for them.
func (s *Store) Free() (bytes int64, ok bool) {
	d := s.Disk()
	return max(0, d.Free-d.Reserve), !d.Low
}
