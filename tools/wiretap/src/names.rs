//! What the numbers on the wire are called. Each table names its source.

macro_rules! names {
    ($(#[$doc:meta])* $function:ident: $number:ty { $($code:literal => $name:literal,)* }) => {
        $(#[$doc])*
        pub fn $function(code: $number) -> Option<&'static str> {
            match code {
                $($code => Some($name),)*
                _ => None,
            }
        }
    };
}

names! {
    /// A frame's type. RFC 9113, section 6.
    frame_type: u8 {
        0x0 => "DATA",
        0x1 => "HEADERS",
        0x2 => "PRIORITY",
        0x3 => "RST_STREAM",
        0x4 => "SETTINGS",
        0x5 => "PUSH_PROMISE",
        0x6 => "PING",
        0x7 => "GOAWAY",
        0x8 => "WINDOW_UPDATE",
        0x9 => "CONTINUATION",
    }
}

names! {
    /// What RST_STREAM and GOAWAY give as their reason. RFC 9113, section 7.
    error_code: u32 {
        0x0 => "NO_ERROR",
        0x1 => "PROTOCOL_ERROR",
        0x2 => "INTERNAL_ERROR",
        0x3 => "FLOW_CONTROL_ERROR",
        0x4 => "SETTINGS_TIMEOUT",
        0x5 => "STREAM_CLOSED",
        0x6 => "FRAME_SIZE_ERROR",
        0x7 => "REFUSED_STREAM",
        0x8 => "CANCEL",
        0x9 => "COMPRESSION_ERROR",
        0xa => "CONNECT_ERROR",
        0xb => "ENHANCE_YOUR_CALM",
        0xc => "INADEQUATE_SECURITY",
        0xd => "HTTP_1_1_REQUIRED",
    }
}

names! {
    /// A setting. RFC 9113, section 6.5.2; 8 is from RFC 8441, section 3; 9 is from RFC 9218,
    /// section 2.1.
    setting: u16 {
        0x1 => "HEADER_TABLE_SIZE",
        0x2 => "ENABLE_PUSH",
        0x3 => "MAX_CONCURRENT_STREAMS",
        0x4 => "INITIAL_WINDOW_SIZE",
        0x5 => "MAX_FRAME_SIZE",
        0x6 => "MAX_HEADER_LIST_SIZE",
        0x8 => "ENABLE_CONNECT_PROTOCOL",
        0x9 => "NO_RFC7540_PRIORITIES",
    }
}

names! {
    /// A gRPC status code. grpc/grpc, doc/statuscodes.md.
    grpc_status: u32 {
        0 => "OK",
        1 => "CANCELLED",
        2 => "UNKNOWN",
        3 => "INVALID_ARGUMENT",
        4 => "DEADLINE_EXCEEDED",
        5 => "NOT_FOUND",
        6 => "ALREADY_EXISTS",
        7 => "PERMISSION_DENIED",
        8 => "RESOURCE_EXHAUSTED",
        9 => "FAILED_PRECONDITION",
        10 => "ABORTED",
        11 => "OUT_OF_RANGE",
        12 => "UNIMPLEMENTED",
        13 => "INTERNAL",
        14 => "UNAVAILABLE",
        15 => "DATA_LOSS",
        16 => "UNAUTHENTICATED",
    }
}

/// Frame flags by frame type. RFC 9113, section 6.
const FLAGS: [(u8, u8, &str); 11] = [
    (kind::DATA, flag::END_STREAM, "END_STREAM"),
    (kind::DATA, flag::PADDED, "PADDED"),
    (kind::HEADERS, flag::END_STREAM, "END_STREAM"),
    (kind::HEADERS, flag::END_HEADERS, "END_HEADERS"),
    (kind::HEADERS, flag::PADDED, "PADDED"),
    (kind::HEADERS, flag::PRIORITY, "PRIORITY"),
    (kind::SETTINGS, flag::ACK, "ACK"),
    (kind::PUSH_PROMISE, flag::END_HEADERS, "END_HEADERS"),
    (kind::PUSH_PROMISE, flag::PADDED, "PADDED"),
    (kind::PING, flag::ACK, "ACK"),
    (kind::CONTINUATION, flag::END_HEADERS, "END_HEADERS"),
];

/// The names of the flags that are set and mean something for this type of frame.
pub fn flag_names(frame_type: u8, flags: u8) -> impl Iterator<Item = &'static str> {
    FLAGS
        .iter()
        .filter(move |(of, bit, _)| *of == frame_type && flags & bit != 0)
        .map(|(_, _, name)| *name)
}

/// Frame types. RFC 9113, section 6.
pub(crate) mod kind {
    pub const DATA: u8 = 0x0;
    pub const HEADERS: u8 = 0x1;
    pub const PRIORITY: u8 = 0x2;
    pub const RST_STREAM: u8 = 0x3;
    pub const SETTINGS: u8 = 0x4;
    pub const PUSH_PROMISE: u8 = 0x5;
    pub const PING: u8 = 0x6;
    pub const GOAWAY: u8 = 0x7;
    pub const WINDOW_UPDATE: u8 = 0x8;
    pub const CONTINUATION: u8 = 0x9;
}

/// Frame flags. RFC 9113, section 6.
pub(crate) mod flag {
    pub const ACK: u8 = 0x1;
    pub const END_STREAM: u8 = 0x1;
    pub const END_HEADERS: u8 = 0x4;
    pub const PADDED: u8 = 0x8;
    pub const PRIORITY: u8 = 0x20;
}
