package codec

// Syntactic elements of a raw AAC frame (ISO/IEC 14496-3, table 4.85).
const (
	elementSingle = 0 // single_channel_element
	elementPair   = 1 // channel_pair_element
	elementLFE    = 3 // lfe_channel_element
	elementEnd    = 7
)

// layouts are the elements of a frame by channel configuration (ISO/IEC 14496-3, table 1.19).
var layouts = [8][]uint32{
	1: {elementSingle},
	2: {elementPair},
	3: {elementSingle, elementPair},
	4: {elementSingle, elementPair, elementSingle},
	5: {elementSingle, elementPair, elementPair},
	6: {elementSingle, elementPair, elementPair, elementLFE},
	7: {elementSingle, elementPair, elementPair, elementPair, elementLFE},
}

// silence writes a raw AAC frame (ISO/IEC 14496-3, section 4.4.2) without any spectral data: a long window whose
// number of scale factor bands (max_sfb) is 0, so that the frame is right for every sample rate and frame length. It
// returns nil for a channel configuration without a layout.
func silence(channelConfig uint8) []byte {
	if int(channelConfig) >= len(layouts) || layouts[channelConfig] == nil {
		return nil
	}
	var w bitWriter
	var tags [8]uint32 // element_instance_tag counts elements of a kind
	for _, e := range layouts[channelConfig] {
		w.put(e, 3)
		w.put(tags[e], 4)
		tags[e]++
		if e == elementPair {
			w.put(1, 1) // common_window
			w.window()
			w.put(0, 2) // ms_mask_present
			w.channel(false)
			w.channel(false)
		} else {
			w.channel(true)
		}
	}
	w.put(elementEnd, 3)
	return w.bytes
}

type bitWriter struct {
	bytes []byte
	used  int // bits of the last byte
}

// put writes the n lowest bits of v, the highest first.
func (w *bitWriter) put(v uint32, n int) {
	for n--; n >= 0; n-- {
		if w.used %= 8; w.used == 0 {
			w.bytes = append(w.bytes, 0)
		}
		w.bytes[len(w.bytes)-1] |= byte(v>>n&1) << (7 - w.used)
		w.used++
	}
}

// window writes ics_info.
func (w *bitWriter) window() {
	w.put(0, 1) // ics_reserved_bit
	w.put(0, 2) // window_sequence: ONLY_LONG_SEQUENCE
	w.put(0, 1) // window_shape: sine
	w.put(0, 6) // max_sfb
	w.put(0, 1) // predictor_data_present
}

// channel writes an individual_channel_stream, with an ics_info of its own or without.
func (w *bitWriter) channel(window bool) {
	w.put(0, 8) // global_gain
	if window {
		w.window()
	}
	w.put(0, 1) // pulse_data_present
	w.put(0, 1) // tns_data_present
	w.put(0, 1) // gain_control_data_present
}
