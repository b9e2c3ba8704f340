import Foundation

/// The name of the subject, and the folder of its `subject.yaml`.
struct SubjectNames: Sendable {
  /// The name that the user gives; nil: it comes from the project.
  let given: String?
  /// The folder that the user wants `subject.yaml` in.
  let folder: String?

  /// The name, made of the first text that has letters or digits if none is given: the text's words
  /// between hyphens.
  func subject(_ texts: String?...) -> String {
    if let given { return given }
    let names = texts.compactMap { text in
      text?.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.joined(separator: "-")
    }
    return names.first { !$0.isEmpty } ?? "subject"
  }
}
