#pragma once

extern const unsigned char packetwalk_files_begin[];
extern const unsigned char packetwalk_files_end[];

/// The files that the program carries inside (embedded.S), one after the other.
static inline const void *_Nonnull packetwalk_files_begin_address(void) { return packetwalk_files_begin; }
static inline const void *_Nonnull packetwalk_files_end_address(void) { return packetwalk_files_end; }
