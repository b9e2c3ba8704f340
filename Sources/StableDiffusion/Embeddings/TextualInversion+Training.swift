import NN
package import Torch

extension CLIPTextEncoder {
  /// Gives vectors, `[n, C]`, to the ids above the vocabulary. Those with gradients get some in every
  /// pass, zeros if no text has their ids.
  package func setAddedVectors(_ vectors: [Tensor]) { textModel.embeddings.addedVectors = vectors }

  /// The vectors of the vocabulary, `[V, C]`. Throws `WeightsError.notLoaded`.
  package var tokenVectors: Tensor {
    get throws { try textModel.embeddings.tokenEmbedding.weight.tensor }
  }
}

extension ModelDirectory {
  /// A tokenizer of this model with a new word of `count` vectors for each text encoder, whose ids are
  /// those above the vocabulary. Throws `TextualInversionError`.
  package func tokenizer(
    _ tokenizer: PromptTokenizer, adding word: String, count: Int
  ) throws(TextualInversionError) -> PromptTokenizer {
    let vocabularies = [textEncoder?.vocabSize, textEncoder2.vocabSize].compactMap(\.self)
    return try tokenizer.adding(
      [word], counts: vocabularies.map { _ in [count] }, after: vocabularies)
  }
}

extension PromptTokenizer {
  /// The ids of a text for each text encoder, without begin and end.
  package func tokens(of text: String) -> [[Int]] { tokenizers.map { $0.tokens(of: text) } }
}
