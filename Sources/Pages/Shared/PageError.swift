package import Files

/// A page that cannot be rendered.
package enum PageError: ReportableError, Equatable {
  /// An embedded template is broken.
  case template(String, reason: String)

  package var kind: ErrorKind {
    .internal
  }

  package var description: String {
    switch self {
    case .template(let name, let reason):
      "The embedded template \(name) is broken (\(reason)); install lora-train again."
    }
  }
}
