// CLIP's merges, compiled in because single-file checkpoints contain no tokenizer.
#ifndef CLIP_VOCABULARY_H
#define CLIP_VOCABULARY_H

#include <stddef.h>

// The bytes of Vocabulary/merges.txt, UTF-8, without a zero at the end.
const unsigned char *_Nonnull clip_merges(void);
// The number of these bytes.
size_t clip_merges_size(void);

#endif
