import Datasets
import StableDiffusion

extension TextOptions {
  /// A note if some of the words of `embedding_init` start no vector.
  func initialWordProblems(_ tokenizer: PromptTokenizer) -> [DatasetProblem] {
    guard let words = embeddingInit, let count = embeddingTokens else { return [] }
    let tokens = tokenizer.tokens(of: words).map(\.count).max() ?? 0
    guard tokens > count else { return [] }
    return [
      DatasetProblem(
        [],
        "`embedding_init` has \(tokens) tokens, and only the first \(count == 1 ? "one starts" : "\(count) start") "
          + "a vector; "
          + (tokens > Self.mostTokens
            ? "use fewer words" : "raise `embedding_tokens` to \(tokens) to use all"))
    ]
  }
}
