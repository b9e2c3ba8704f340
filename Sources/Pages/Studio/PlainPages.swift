/// A page that reports an error.
package struct ProblemPage: StudioPage {
  package static let template = "problem"

  package let head: PageHead
  let sentence: String

  package init(title: String, sentence: String) {
    head = PageHead(title, section: nil)
    self.sentence = sentence
  }
}

/// The page that asks for the token.
package struct EntrancePage: StudioPage {
  package static let template = "entrance"

  package let head = PageHead("Enter the token", section: nil)
  /// Whether a wrong token was given.
  let isRefused: Bool

  package init(isRefused: Bool) { self.isRefused = isRefused }
}
