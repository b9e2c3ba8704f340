package import Files
import NN

/// A campaign template that cannot be drawn.
package enum CampaignError: ReportableError, Equatable {
  /// A placeholder has no list.
  case noList(String, position: String, nearest: String?)
  /// A key is neither an option nor a placeholder of a prompt.
  case unused(String, position: String, nearest: String?)
  /// A list without entries.
  case empty(String, position: String)
  /// A list of a form without entries.
  case noEntry(String)
  /// The same entry, seed or strength twice.
  case twice(String, position: String)
  /// A text with unbalanced braces, or with a placeholder that is no name.
  case braces(String, position: String)
  /// More than ``Campaign/mostPictures``.
  case tooMany(file: String, product: String, limit: Int)
  /// Strengths without an adapter.
  case noAdapter(file: String)

  package var kind: ErrorKind {
    .badData
  }

  package var description: String {
    switch self {
    case .noList(let name, let position, let nearest):
      "\(position): the prompt names {\(name)}, but there is no list \"\(name)\"; "
        + (nearest.map { "did you mean {\($0)}?" }
          ?? "add a line \"\(name): [...]\", or write {{ and }} for braces.")
    case .unused(let name, let position, let nearest):
      "\(position): there is no option \"\(name)\", and no prompt names {\(name)}; "
        + (nearest.map { "did you mean \"\($0)\"?" } ?? "use it or remove the line.")
    case .empty(let name, let position):
      "\(position): \(name) is an empty list, but must have an entry; add one or remove the line."
    case .noEntry(let name):
      "The list \(name) is empty; write an entry, or remove {\(name)} from the prompt."
    case .twice(let value, let position):
      "\(position) has \"\(value)\" twice; remove one."
    case .braces(let key, let position):
      "\(position): \(key) has a single brace or a placeholder that is no name; write placeholders as "
        + "{place}, and {{ and }} for braces."
    case .tooMany(let file, let product, let limit):
      "\(file) describes \(product) pictures, over the limit of \(limit); shorten a list, or split it "
        + "into several campaigns."
    case .noAdapter(let file):
      "\(file) has strengths but no adapter to apply them to; choose one with `lora` or `run`, or "
        + "remove the line."
    }
  }
}
