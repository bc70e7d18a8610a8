package hlscheck

// The rules, as they stand in Violation.Rule.
const (
	ruleParse        = "playlist does not parse"
	ruleHeaders      = "header fields"
	ruleVersion      = "version"
	ruleTarget       = "target durations"
	ruleControl      = "server control"
	ruleExtinf       = "segment longer than the target duration"
	ruleLongPart     = "part longer than the part target"
	ruleShortPart    = "part shorter than 85 % of the target"
	rulePartSum      = "parts do not sum to their segment"
	ruleListedParts  = "which parts are listed"
	ruleNames        = "file names"
	ruleDate         = "program date-time"
	ruleChanged      = "what was listed changed"
	ruleBackwards    = "numbers go back"
	ruleWindow       = "length of the playlist"
	ruleDiscontinue  = "discontinuity sequence"
	ruleBlocking     = "blocking reload"
	ruleLate         = "part later than the part target"
	rulePaused       = "no part for six seconds"
	ruleDelta        = "delta update"
	ruleHint         = "preload hint"
	ruleReport       = "rendition report"
	ruleFetch        = "file cannot be had"
	ruleInit         = "init"
	ruleChunk        = "chunk"
	ruleOrder        = "order of chunks"
	ruleTime         = "decode times"
	ruleDuration     = "part's duration and its media's"
	ruleIndependent  = "independent parts"
	ruleSegmentBytes = "segment is not its parts"
	ruleImmutable    = "file changed"
	ruleRange        = "ranges"
	ruleAudio        = "audio-only rendition"
	ruleMaster       = "multivariant playlist"
	ruleClassic      = "classic playlist"
	ruleErrors       = "errors"
	ruleEnd          = "end"
)

// Rules are all that a Report can name.
func Rules() []string {
	return []string{
		ruleParse, ruleHeaders, ruleVersion, ruleTarget, ruleControl, ruleExtinf, ruleLongPart, ruleShortPart, rulePartSum,
		ruleListedParts, ruleNames, ruleDate, ruleChanged, ruleBackwards, ruleWindow, ruleDiscontinue, ruleBlocking, ruleLate,
		rulePaused, ruleDelta, ruleHint, ruleReport, ruleFetch, ruleInit, ruleChunk, ruleOrder, ruleTime, ruleDuration,
		ruleIndependent, ruleSegmentBytes, ruleImmutable, ruleRange, ruleAudio, ruleMaster, ruleClassic, ruleErrors, ruleEnd,
	}
}
