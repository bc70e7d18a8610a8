package shape

// Stats are numbers of the instance. null stands for what is not counted here: nobody is followed around to count who
// was active.
type Stats struct {
	TotalUsers                               int            `json:"totalUsers"`
	TotalDailyActiveUsers                    *int           `json:"totalDailyActiveUsers"`
	TotalWeeklyActiveUsers                   *int           `json:"totalWeeklyActiveUsers"`
	TotalMonthlyActiveUsers                  *int           `json:"totalMonthlyActiveUsers"`
	TotalModerators                          int            `json:"totalModerators"`
	TotalAdmins                              int            `json:"totalAdmins"`
	TotalLocalVideos                         int            `json:"totalLocalVideos"`
	TotalLocalVideoViews                     int64          `json:"totalLocalVideoViews"`
	TotalLocalVideoComments                  int            `json:"totalLocalVideoComments"`
	TotalLocalVideoFilesSize                 int64          `json:"totalLocalVideoFilesSize"`
	TotalVideos                              int            `json:"totalVideos"`
	TotalVideoComments                       int            `json:"totalVideoComments"`
	TotalLocalVideoChannels                  int            `json:"totalLocalVideoChannels"`
	TotalLocalDailyActiveVideoChannels       *int           `json:"totalLocalDailyActiveVideoChannels"`
	TotalLocalWeeklyActiveVideoChannels      *int           `json:"totalLocalWeeklyActiveVideoChannels"`
	TotalLocalMonthlyActiveVideoChannels     *int           `json:"totalLocalMonthlyActiveVideoChannels"`
	TotalLocalPlaylists                      int            `json:"totalLocalPlaylists"`
	TotalInstanceFollowers                   int            `json:"totalInstanceFollowers"`
	TotalInstanceFollowing                   int            `json:"totalInstanceFollowing"`
	VideosRedundancy                         []Redundancies `json:"videosRedundancy"`
	AverageAbuseResponseTimeMs               *int           `json:"averageAbuseResponseTimeMs"`
	TotalAbuses                              int            `json:"totalAbuses"`
	TotalAbusesProcessed                     int            `json:"totalAbusesProcessed"`
	AverageRegistrationRequestResponseTimeMs *int           `json:"averageRegistrationRequestResponseTimeMs"`
	TotalRegistrationRequests                int            `json:"totalRegistrationRequests"`
	TotalRegistrationRequestsProcessed       int            `json:"totalRegistrationRequestsProcessed"`
	ActivityPubMessagesProcessedPerSecond    float64        `json:"activityPubMessagesProcessedPerSecond"`
	ActivityPub
}

// Redundancies are copies of others' videos.
type Redundancies struct {
	TotalUsed       int64  `json:"totalUsed"`
	TotalVideos     int    `json:"totalVideos"`
	TotalVideoFiles int    `json:"totalVideoFiles"`
	Strategy        string `json:"strategy"`
	TotalSize       *int64 `json:"totalSize"`
}

// ActivityPub counts messages of the federation.
type ActivityPub struct {
	TotalMessagesProcessed             int `json:"totalActivityPubMessagesProcessed"`
	TotalMessagesSuccesses             int `json:"totalActivityPubMessagesSuccesses"`
	TotalCreateMessagesSuccesses       int `json:"totalActivityPubCreateMessagesSuccesses"`
	TotalUpdateMessagesSuccesses       int `json:"totalActivityPubUpdateMessagesSuccesses"`
	TotalDeleteMessagesSuccesses       int `json:"totalActivityPubDeleteMessagesSuccesses"`
	TotalFollowMessagesSuccesses       int `json:"totalActivityPubFollowMessagesSuccesses"`
	TotalAcceptMessagesSuccesses       int `json:"totalActivityPubAcceptMessagesSuccesses"`
	TotalRejectMessagesSuccesses       int `json:"totalActivityPubRejectMessagesSuccesses"`
	TotalAnnounceMessagesSuccesses     int `json:"totalActivityPubAnnounceMessagesSuccesses"`
	TotalUndoMessagesSuccesses         int `json:"totalActivityPubUndoMessagesSuccesses"`
	TotalLikeMessagesSuccesses         int `json:"totalActivityPubLikeMessagesSuccesses"`
	TotalDislikeMessagesSuccesses      int `json:"totalActivityPubDislikeMessagesSuccesses"`
	TotalFlagMessagesSuccesses         int `json:"totalActivityPubFlagMessagesSuccesses"`
	TotalViewMessagesSuccesses         int `json:"totalActivityPubViewMessagesSuccesses"`
	TotalApproveReplyMessagesSuccesses int `json:"totalActivityPubApproveReplyMessagesSuccesses"`
	TotalRejectReplyMessagesSuccesses  int `json:"totalActivityPubRejectReplyMessagesSuccesses"`
	TotalCreateMessagesErrors          int `json:"totalActivityPubCreateMessagesErrors"`
	TotalUpdateMessagesErrors          int `json:"totalActivityPubUpdateMessagesErrors"`
	TotalDeleteMessagesErrors          int `json:"totalActivityPubDeleteMessagesErrors"`
	TotalFollowMessagesErrors          int `json:"totalActivityPubFollowMessagesErrors"`
	TotalAcceptMessagesErrors          int `json:"totalActivityPubAcceptMessagesErrors"`
	TotalRejectMessagesErrors          int `json:"totalActivityPubRejectMessagesErrors"`
	TotalAnnounceMessagesErrors        int `json:"totalActivityPubAnnounceMessagesErrors"`
	TotalUndoMessagesErrors            int `json:"totalActivityPubUndoMessagesErrors"`
	TotalLikeMessagesErrors            int `json:"totalActivityPubLikeMessagesErrors"`
	TotalDislikeMessagesErrors         int `json:"totalActivityPubDislikeMessagesErrors"`
	TotalFlagMessagesErrors            int `json:"totalActivityPubFlagMessagesErrors"`
	TotalViewMessagesErrors            int `json:"totalActivityPubViewMessagesErrors"`
	TotalApproveReplyMessagesErrors    int `json:"totalActivityPubApproveReplyMessagesErrors"`
	TotalRejectReplyMessagesErrors     int `json:"totalActivityPubRejectReplyMessagesErrors"`
	TotalMessagesErrors                int `json:"totalActivityPubMessagesErrors"`
	TotalMessagesWaiting               int `json:"totalActivityPubMessagesWaiting"`
}
