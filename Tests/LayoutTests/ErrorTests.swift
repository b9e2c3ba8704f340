import Testing

/// What every error of the package has: a kind, and a sentence for each case.
///
/// The sources are read, so that an error that is added later is checked too. That a kind has an exit
/// code, and that a switch has all cases, the compiler checks.
@Suite("Errors")
struct ErrorTests {
  /// Errors that follow a colon in a sentence of the argument parser.
  private static let continuations: Set = ["RunReferenceError"]

  private struct Found {
    let file: SourceTree.File
    let type: ErrorType

    var description: String { "Sources/\(file.target)/\(file.path): \(type.name)" }
  }

  private let files: [SourceTree.File]
  private let errors: [Found]

  init() throws {
    files = try SourceTree.sources.get().files
    errors = files.flatMap { file in
      ErrorType.all(in: file.source).map { Found(file: file, type: $0) }
    }
  }

  @Test("An error has a kind, or is caught inside its target")
  func kinds() {
    #expect(errors.contains { $0.type.name == "TorchError" })
    for error in errors {
      if !error.type.isReportable {
        report(error, "is no ReportableError, and its target does not catch it", !isCaught(error))
      } else {
        report(error, "declares no kind", error.type.kind.words.isEmpty)
        report(error, "declares no description", error.type.description.words.isEmpty)
      }
    }
  }

  @Test("Each case of an error has a kind and a sentence of its own")
  func cases() {
    for error in errors {
      report(error, "does not name all cases in kind and description", error.type.takesAnyCase)
      report(error, "shows what Swift prints of it", error.type.isDump)
    }
  }

  @Test("An error reads as a sentence, from a capital letter, a file or an option to a full stop")
  func sentences() {
    let sentences = errors.filter { !Self.continuations.contains($0.type.name) }.flatMap { error in
      error.type.sentences.map { (error, $0) }
    }
    #expect(sentences.count > 100)
    for (error, sentence) in sentences {
      report(error, "begins in the middle: \(sentence)", !Self.begins(sentence))
      report(error, "does not end: \(sentence)", !Self.ends(sentence))
    }
  }

  private func report(_ error: Found, _ problem: String, _ isFound: Bool) {
    if isFound { Issue.record("\(error.description) \(problem)") }
  }

  /// Whether a file of the target has a `catch is`, `catch let ... as`, `as?` or `do throws` for an
  /// error.
  private func isCaught(_ error: Found) -> Bool {
    files.contains { file in
      let words = file.source.words
      return file.target == error.file.target
        && words.indices.contains { index in
          // One name may stand between, that of the type it is nested in.
          words[index].text == error.type.name
            && (words[max(0, index - 2)..<index].contains { ["is", "as"].contains($0.text) }
              || words[max(0, index - 3)..<index].contains { $0.text == "do" })
        }
    }
  }

  /// An interpolation counts as a file, and reads as `x`.
  private static func begins(_ sentence: [String]) -> Bool {
    let text = sentence.first?.drop(while: \.isWhitespace) ?? ""
    let word = text.prefix { !$0.isWhitespace }
    return text.first?.isUppercase == true || "x`".contains(text.prefix(1)) || word.contains("_")
  }

  private static func ends(_ sentence: [String]) -> Bool {
    // A separator of a list may come last in the source.
    let last = sentence.last { $0.contains { !$0.isWhitespace } } ?? ""
    let letter = last.last { !$0.isWhitespace }
    return letter.map { ".?x".contains($0) } ?? false
  }
}
