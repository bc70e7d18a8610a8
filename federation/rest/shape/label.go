package shape

// Constant is a number with its meaning for people.
type Constant struct {
	ID    int64  `json:"id"`
	Label string `json:"label"`
}

// Choice is a Constant that may not be chosen.
type Choice struct {
	ID    *int64 `json:"id"`
	Label string `json:"label"`
}

// Language is a code of ISO 639 with the language's name; null for one that is not known.
type Language struct {
	ID    *string `json:"id"`
	Label string  `json:"label"`
}

// unknown is how PeerTube calls what is not chosen.
const unknown = "Unknown"

// Categories are PeerTube's numbers of videos' topics.
var Categories = map[int64]string{
	1: "Music", 2: "Films", 3: "Vehicles", 4: "Art", 5: "Sports", 6: "Travels", 7: "Gaming", 8: "People", 9: "Comedy",
	10: "Entertainment", 11: "News & Politics", 12: "How To", 13: "Education", 14: "Activism", 15: "Science & Technology",
	16: "Animals", 17: "Kids", 18: "Food",
}

// Licences are PeerTube's numbers of the Creative Commons licences.
var Licences = map[int64]string{
	1: "Attribution", 2: "Attribution - Share Alike", 3: "Attribution - No Derivatives", 4: "Attribution - Non Commercial",
	5: "Attribution - Non Commercial - Share Alike", 6: "Attribution - Non Commercial - No Derivatives", 7: "Public Domain Dedication",
}

// Privacies are PeerTube's numbers of who may see a video.
var Privacies = map[int64]string{1: "Public", 2: "Unlisted", 3: "Private", 4: "Internal", 5: "Password protected"}

// States are the states of PeerTube's that occur here.
var States = map[int64]string{1: "Published", 4: "Waiting for livestream", 5: "Livestream ended"}

// Roles are PeerTube's.
var Roles = map[int64]string{0: "Administrator", 1: "Moderator", 2: "User"}

// Policies are PeerTube's of comments.
var Policies = map[int64]string{1: "Enabled", 2: "Disabled", 3: "Requires approval"}

// Named gives a number with its label.
func Named(labels map[int64]string, id int64) Constant {
	label, ok := labels[id]
	if !ok {
		label = unknown
	}
	return Constant{id, label}
}

// Chosen is Named for a number that is 0 where nothing is chosen.
func Chosen(labels map[int64]string, id int64) Choice {
	if id == 0 {
		return Choice{nil, unknown}
	}
	return Choice{&id, Named(labels, id).Label}
}

// Spoken gives a language with its name.
func Spoken(code string) Language {
	if code == "" {
		return Language{nil, unknown}
	}
	label, ok := Languages[code]
	if !ok {
		label = code
	}
	return Language{&code, label}
}
