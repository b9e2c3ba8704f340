#include "CLIPVocabulary.h"

static const unsigned char merges[] = {
#embed "Vocabulary/merges.txt"
};

const unsigned char *clip_merges(void) { return merges; }

size_t clip_merges_size(void) { return sizeof merges; }
