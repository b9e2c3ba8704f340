package import Files

/// A repository, or a part of it, that the Hub does not give.
package enum RepositoryError: ReportableError, Equatable {
  /// A text that cannot be a repository's name.
  case name(found: String)
  /// The conditions of the repository are not accepted.
  case gated(repository: String, hasToken: Bool)
  /// No repository of that name, or a private one.
  case notFound(repository: String, hasToken: Bool)
  /// No branch, tag or commit of that name.
  case noRevision(repository: String, revision: String)
  /// No file of that name.
  case noFile(repository: String, file: String)
  /// The Hub does not accept the token.
  case badToken
  /// The token does not permit the request.
  case forbidden(repository: String, message: String)
  /// A file's name that leads out of the folder or could damage it.
  case unsafeName(repository: String, file: String, problem: String)

  package var kind: ErrorKind {
    switch self {
    case .name, .badToken: .usage
    case .gated, .notFound, .noRevision, .noFile, .forbidden: .missingInput
    case .unsafeName: .badData
    }
  }

  package var description: String {
    switch self {
    case .name(let found):
      "The repository \(found.excerpt()) has no valid name; write it as owner/name, such as "
        + "stabilityai/stable-diffusion-xl-base-1.0."
    case .gated(let repository, let hasToken):
      "The repository \(repository) is gated: accept its conditions at https://huggingface.co/\(repository)"
        + (hasToken
          ? " with the account of your token, then run the same command again."
          : ", then set HF_TOKEN to a token from https://huggingface.co/settings/tokens.")
    case .notFound(let repository, let hasToken):
      "There is no repository \(repository) on the Hub, or it is private; check its name"
        + (hasToken
          ? " and that your token may read it."
          : ", and for a private one set HF_TOKEN to a token that may read it.")
    case .noRevision(let repository, let revision):
      "The repository \(repository) has no revision \(revision.excerpt()); give `revision` a branch, tag or "
        + "commit of https://huggingface.co/\(repository)/commits/main."
    case .noFile(let repository, let file):
      "The repository \(repository) has no file \(file.excerpt()); run the same command again, since the "
        + "repository may have changed."
    case .badToken:
      "The access token is not valid; set HF_TOKEN to a token from "
        + "https://huggingface.co/settings/tokens, or clear it."
    case .forbidden(let repository, let message):
      "The access to \(repository) is forbidden (\(message)); use a token with that permission in "
        + "HF_TOKEN."
    case .unsafeName(let repository, let file, let problem):
      "The repository \(repository) has a file named \(file.debugDescription.excerpt()), which \(problem); "
        + "do not use this repository."
    }
  }

  /// The error of an answer of the Hub; nil if it is about something else.
  init?(
    status: Int, code: String?, message: String?, subject: RequestSubject, hasToken: Bool
  ) {
    let repository = subject.repository
    switch (status, code) {
    case (_, "GatedRepo"): self = .gated(repository: repository, hasToken: hasToken)
    case (_, "RepoNotFound"): self = .notFound(repository: repository, hasToken: hasToken)
    case (_, "RevisionNotFound"):
      self = .noRevision(repository: repository, revision: subject.revision ?? "main")
    case (_, "EntryNotFound"):
      self = .noFile(repository: repository, file: subject.file ?? "of that name")
    case (401, _) where message == "Invalid credentials in Authorization header": self = .badToken
    // The Hub hides whether a private repository exists.
    case (401, _), (404, _): self = .notFound(repository: repository, hasToken: hasToken)
    case (403, _):
      self = .forbidden(repository: repository, message: message ?? "status 403")
    default: return nil
    }
  }
}
