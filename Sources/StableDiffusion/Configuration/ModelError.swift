public import Files

/// A model folder, or a file in it, that cannot be used.
public enum ModelError: ReportableError, Equatable {
  /// A file or folder does not exist.
  case missing(path: String, advice: String)
  /// The content of a file cannot be used.
  case invalid(path: String, problem: String, advice: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .missing: .missingInput
    case .invalid: .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .missing(let path, let advice): "\(path) does not exist; \(advice)."
    case .invalid(let path, let problem, let advice): "\(path): \(problem); \(advice)."
    }
  }
}

extension ModelError {
  static func refinerAsBase(path: String) -> ModelError {
    .invalid(
      path: path, problem: "this is a refiner, not a base model",
      advice: "give it with `refiner`, together with an SDXL base model")
  }

  static func baseAsRefiner(path: String) -> ModelError {
    .invalid(
      path: path, problem: "this is a base model, not a refiner",
      advice: "give it with `model`, or choose an SDXL refiner")
  }
}
