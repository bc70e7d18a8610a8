package catalog

import "shoal/cluster/state"

// Register adds the catalog's commands and tables.
func Register(reg *state.Registry) {
	reg.AddSchema(state.Schema{Package: "catalog", Steps: []string{tables}, Derived: []string{"video_text"}})
	reg.Add(
		createUser{}, updateUser{}, deleteUser{},
		issueToken{}, refreshToken{}, revokeToken{}, revokeUser{}, createSecret{},
		updateAccount{}, createChannel{}, updateChannel{}, deleteChannel{},
		updateVideo{}, deleteVideo{}, dropRecording{}, addViews{},
		createLive{}, updateLive{}, rotateKey{}, provision{},
		beginSession{}, endSession{},
		updateSettings{},
	)
}

// tables are version 1. Times are Unix milliseconds, durations nanoseconds, 0 is none.
//
// A video's class holds all that a list is filtered by but for its words: who may see it, where it is in its life, whether it
// is a live, whether it is sensitive. A list is some classes, each in order; tally holds how many videos there are in each
// class, in all (kind 0), of an account (1) and of a channel (2), so that a list of any length is counted at once. The long
// texts are at the end of the row, where a scan does not read them.
const tables = `
CREATE TABLE user (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE COLLATE NOCASE,
	email TEXT NOT NULL COLLATE NOCASE,
	role INTEGER NOT NULL,
	blocked INTEGER NOT NULL,
	reason TEXT NOT NULL,
	quota INTEGER NOT NULL,
	daily_quota INTEGER NOT NULL,
	must_change INTEGER NOT NULL,
	password TEXT NOT NULL,
	created INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_email ON user (email) WHERE email <> '';

CREATE TABLE account (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE COLLATE NOCASE,
	display TEXT NOT NULL,
	description TEXT NOT NULL,
	user_id INTEGER UNIQUE REFERENCES user ON DELETE CASCADE, -- NULL: the instance's own
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL
) STRICT;

CREATE TABLE channel (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE COLLATE NOCASE,
	display TEXT NOT NULL,
	description TEXT NOT NULL,
	support TEXT NOT NULL,
	account_id INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_account ON channel (account_id);

CREATE TABLE video (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,
	channel_id INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
	account_id INTEGER NOT NULL REFERENCES account ON DELETE CASCADE, -- the channel's
	privacy INTEGER NOT NULL,
	state INTEGER NOT NULL,
	is_live INTEGER NOT NULL,
	nsfw INTEGER NOT NULL,
	class INTEGER AS (privacy * 256 + state * 4 + is_live * 2 + nsfw) VIRTUAL,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	published INTEGER NOT NULL,
	original INTEGER NOT NULL,
	duration INTEGER NOT NULL,
	views INTEGER NOT NULL,
	category INTEGER NOT NULL,
	licence INTEGER NOT NULL,
	language TEXT NOT NULL,
	comments INTEGER NOT NULL,
	download INTEGER NOT NULL,
	access INTEGER NOT NULL,
	aspect INTEGER NOT NULL,
	poster INTEGER NOT NULL,
	alias TEXT NOT NULL,
	name TEXT NOT NULL,
	tags TEXT NOT NULL, -- JSON, in the owner's order
	support TEXT NOT NULL,
	description TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX video_alias ON video (alias) WHERE alias <> '';
CREATE INDEX video_published ON video (class, published);
CREATE INDEX video_created ON video (class);
CREATE INDEX video_views ON video (class, views);
CREATE INDEX video_original ON video (class, original);
CREATE INDEX video_duration ON video (class, duration);
CREATE INDEX video_name ON video (class, name COLLATE NOCASE);
CREATE INDEX video_account ON video (account_id, class, published);
CREATE INDEX video_channel ON video (channel_id, class, published);
CREATE INDEX video_category ON video (category, class, published) WHERE category <> 0;
CREATE INDEX video_language ON video (language, class, published) WHERE language <> '';

CREATE TABLE tally (
	kind INTEGER NOT NULL,
	of INTEGER NOT NULL,
	class INTEGER NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (kind, of, class)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER video_come AFTER INSERT ON video BEGIN
	INSERT INTO tally (kind, of, class, n)
		VALUES (0, 0, NEW.class, 1), (1, NEW.account_id, NEW.class, 1), (2, NEW.channel_id, NEW.class, 1)
		ON CONFLICT (kind, of, class) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER video_gone AFTER DELETE ON video BEGIN
	UPDATE tally SET n = n - 1 WHERE (kind, of, class) IN
		(VALUES (0, 0, OLD.class), (1, OLD.account_id, OLD.class), (2, OLD.channel_id, OLD.class));
	DELETE FROM tally WHERE n = 0 AND (kind, of, class) IN
		(VALUES (0, 0, OLD.class), (1, OLD.account_id, OLD.class), (2, OLD.channel_id, OLD.class));
END;
CREATE TRIGGER video_moved AFTER UPDATE OF privacy, state, is_live, nsfw, channel_id, account_id ON video
WHEN OLD.class <> NEW.class OR OLD.channel_id <> NEW.channel_id OR OLD.account_id <> NEW.account_id BEGIN
	INSERT INTO tally (kind, of, class, n)
		VALUES (0, 0, NEW.class, 1), (1, NEW.account_id, NEW.class, 1), (2, NEW.channel_id, NEW.class, 1)
		ON CONFLICT (kind, of, class) DO UPDATE SET n = n + 1;
	UPDATE tally SET n = n - 1 WHERE (kind, of, class) IN
		(VALUES (0, 0, OLD.class), (1, OLD.account_id, OLD.class), (2, OLD.channel_id, OLD.class));
	DELETE FROM tally WHERE n = 0 AND (kind, of, class) IN
		(VALUES (0, 0, OLD.class), (1, OLD.account_id, OLD.class), (2, OLD.channel_id, OLD.class));
END;

CREATE VIRTUAL TABLE video_text USING fts5 (name, content = 'video', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER video_read AFTER INSERT ON video BEGIN
	INSERT INTO video_text (rowid, name) VALUES (NEW.id, NEW.name);
END;
CREATE TRIGGER video_forgotten AFTER DELETE ON video BEGIN
	INSERT INTO video_text (video_text, rowid, name) VALUES ('delete', OLD.id, OLD.name);
END;
CREATE TRIGGER video_renamed AFTER UPDATE OF name ON video WHEN OLD.name <> NEW.name BEGIN
	INSERT INTO video_text (video_text, rowid, name) VALUES ('delete', OLD.id, OLD.name);
	INSERT INTO video_text (rowid, name) VALUES (NEW.id, NEW.name);
END;

CREATE TABLE video_tag (
	tag TEXT NOT NULL COLLATE NOCASE,
	video_id INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
	PRIMARY KEY (tag, video_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX video_tag_video ON video_tag (video_id);

CREATE TABLE video_password (
	video_id INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
	position INTEGER NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (video_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE live (
	video_id INTEGER PRIMARY KEY REFERENCES video ON DELETE CASCADE,
	key TEXT NOT NULL, -- '': nobody can publish
	key_hash BLOB UNIQUE, -- SHA-256 of the key, NULL if it is ''
	permanent INTEGER NOT NULL,
	save_replay INTEGER NOT NULL,
	replay_privacy INTEGER NOT NULL, -- 0: as the live's
	latency INTEGER NOT NULL,
	takeover INTEGER NOT NULL,
	declared INTEGER NOT NULL
) STRICT;
CREATE INDEX live_declared ON live (declared) WHERE declared <> 0;

CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,
	video_id INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
	start_at INTEGER NOT NULL,
	end_at INTEGER NOT NULL, -- 0 while it runs
	save_replay INTEGER NOT NULL,
	replay_privacy INTEGER NOT NULL, -- 0: as the live's
	replay TEXT NOT NULL, -- UUID
	error TEXT NOT NULL
) STRICT;
CREATE INDEX session_video ON session (video_id, start_at);
CREATE INDEX session_open ON session (video_id) WHERE end_at = 0;
CREATE INDEX session_replay ON session (replay) WHERE replay <> '';

CREATE TABLE recording (
	session TEXT PRIMARY KEY, -- UUID, of a broadcast whose live may be gone
	video_id INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
	account_id INTEGER NOT NULL REFERENCES account ON DELETE CASCADE, -- the video's
	position INTEGER NOT NULL,
	made INTEGER NOT NULL,
	duration INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	width INTEGER NOT NULL,
	height INTEGER NOT NULL,
	rate INTEGER NOT NULL,
	has_video INTEGER NOT NULL,
	has_audio INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX recording_video ON recording (video_id, position);
CREATE INDEX recording_account ON recording (account_id, made, bytes);
CREATE INDEX recording_made ON recording (made, video_id, bytes);

CREATE TABLE token (
	id INTEGER PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	access TEXT NOT NULL UNIQUE, -- hashes
	refresh TEXT NOT NULL UNIQUE,
	access_expires INTEGER NOT NULL,
	refresh_expires INTEGER NOT NULL,
	created INTEGER NOT NULL
) STRICT;
CREATE INDEX token_user ON token (user_id);
CREATE INDEX token_expires ON token (refresh_expires);

CREATE TABLE secret (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	body TEXT NOT NULL -- JSON
) STRICT;
`
