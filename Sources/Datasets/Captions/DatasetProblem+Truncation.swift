import Files

extension DatasetProblem {
  /// A text of more tokens than are read, as many as fit into one chunk where nothing else is said;
  /// nil for one that is not.
  package static func truncation(
    of what: String, _ text: String, _ files: [String], by tokenizer: any CaptionTokenizer,
    maxTokens: Int? = nil
  ) -> DatasetProblem? {
    let limit = maxTokens ?? tokenizer.chunkLength
    return tokenizer.truncatedText(of: text, maxTokens: limit).map { rest in
      DatasetProblem(
        files, "\(what) is longer than \(limit) tokens, \"\(rest.excerpt())\" is cut off")
    }
  }
}
