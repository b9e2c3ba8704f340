public import Files
import NN

/// A campaign's template that cannot be drawn.
public enum CampaignError: ReportableError, Equatable {
  /// A name in braces has no list.
  case noList(String, position: String, nearest: String?)
  /// An option is neither known nor named in a prompt.
  case unused(String, position: String, nearest: String?)
  /// A list without entries.
  case empty(String, position: String)
  /// The same entry, seed or strength again.
  case twice(String, position: String)
  /// A text whose braces make no name.
  case braces(String, position: String)
  /// More pictures than anybody wants.
  case tooMany(file: String, product: String, limit: Int)
  /// Strengths, and nothing that has any.
  case noAdapter(file: String)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: where, what was found, what to do.
  public var description: String {
    switch self {
    case .noList(let name, let position, let nearest):
      "\(position): the prompt names {\(name)}, and there is no list \"\(name)\"; "
        + (nearest.map { "did you mean {\($0)}?" }
          ?? "add a line \"\(name): [...]\", or write {{ and }} for braces.")
    case .unused(let name, let position, let nearest):
      "\(position): there is no option \"\(name)\", and no prompt names {\(name)}; "
        + (nearest.map { "did you mean \"\($0)\"?" } ?? "use it or remove the line.")
    case .empty(let name, let position):
      "\(position): \(name) is an empty list, but must have an entry; add one or remove the line."
    case .twice(let value, let position):
      "\(position) has \"\(value)\" twice; remove one."
    case .braces(let key, let position):
      "\(position): \(key) has a brace or a character without meaning; write names as {place}, and {{ "
        + "and }} for braces."
    case .tooMany(let file, let product, let limit):
      "\(file) describes \(product) pictures, over the limit of \(limit); shorten a list, or make "
        + "several campaigns of it."
    case .noAdapter(let file):
      "\(file) has strengths, and there is no adapter to give them to; choose one with `lora` or "
        + "`run`, or remove the line."
    }
  }
}
