import Options

/// Words in the prompt or negative prompt of a drawing that are read as letters.
struct PromptNote {
  let markup: PromptMarkup
  let isNegative: Bool

  var sentence: String {
    let advice =
      switch markup.kind {
      case .adapter: "give the adapter's file to `loras`."
      case .weight: "`prompt_weights: true` reads it as a weight."
      case .escape: "`prompt_weights: true` reads it as a bracket."
      case .chunk: "no option begins a new chunk, so remove it."
      case .embedding: "give the embedding's file to `embeddings`, or remove it."
      case .wildcard: "a campaign (`prompts`) draws every variant."
      case .schedule: "a prompt does not change from step to step, so remove the brackets."
      case .composition: "prompts are not combined, so write \"and\"."
      case .suffix: "a weight is written (dog:1.4) and read with `prompt_weights: true`."
      case .option: "set it with \(markup.optionKey.map { "`\($0)`" } ?? "an option")."
      }
    return
      "\"\(markup.example)\" in the \(isNegative ? "negative prompt" : "prompt") is read as letters; "
      + advice
  }

  /// Whether another note has the same kind of words in the same prompt.
  func isSameKind(as other: PromptNote) -> Bool {
    markup.kind == other.markup.kind && isNegative == other.isNegative
  }
}
