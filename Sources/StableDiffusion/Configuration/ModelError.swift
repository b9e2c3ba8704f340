public import Files

/// Why a model directory, or a file of it, cannot be used.
public enum ModelError: ReportableError, Equatable {
  /// A file or folder is not there.
  case missing(path: String, advice: String)
  /// A file is there, and what it says cannot be used.
  case invalid(path: String, problem: String, advice: String)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    if case .missing = self { .missingInput } else { .badData }
  }

  /// The reason in one sentence.
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
      path: path, problem: "this is a refiner, and a base model is wanted here",
      advice: "give it as the refiner, with `refiner`, to an SDXL base model")
  }

  static func baseAsRefiner(path: String) -> ModelError {
    .invalid(
      path: path, problem: "this is a base model, and a refiner is wanted here",
      advice: "give it as the model, with `model`, or choose an SDXL refiner")
  }
}
