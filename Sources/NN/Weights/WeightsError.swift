public import Files

/// Weights that cannot be used.
public enum WeightsError: ReportableError {
  /// A parameter is read before its weights are loaded.
  case notLoaded(shape: [Int])
  /// A model's folder lacks a weights file.
  case noFile(folder: String, name: String)
  /// A file is not a whole safetensors file, or not an index of such files.
  case malformed(file: String, problem: String)
  /// A tensor of a type that is not read.
  case otherType(file: String, problem: String)
  /// A file of PyTorch's older format, which may contain a program and is never loaded.
  case pickled(file: String)
  /// A file has no tensor of that name.
  case noTensor(file: String, name: String)
  /// A checkpoint has other tensors than the model.
  case mismatch(file: String, missing: [String], unexpected: [String], misshapen: [String])

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .notLoaded: .internal
    case .noFile: .missingInput
    case .malformed, .otherType, .pickled, .noTensor, .mismatch: .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .notLoaded(let shape):
      "A parameter of shape \(shape) was used before its weights were loaded."
    case .noFile(let folder, let name):
      "\(folder) contains no \(name).safetensors, no \(name).fp16.safetensors and no sharded index of "
        + "either; download the model's weights again."
    case .malformed(let file, let problem):
      "\(file) is damaged or of another format: \(problem); download or copy it again."
    case .otherType(let file, let problem):
      "\(file) cannot be read: \(problem); convert it to fp16, bf16 or fp32 with the program that made "
        + "it."
    case .pickled(let file):
      "\(file) is a pickled PyTorch file, which runs whatever program it contains when it is loaded; "
        + "use a .safetensors file, or convert this one in Python with "
        + "safetensors.torch.save_file(torch.load(FILE, weights_only=True), NEW_FILE)."
    case .noTensor(let file, let name):
      "\(file) contains no tensor named \(name); use the file that belongs here."
    case .mismatch(let file, let missing, let unexpected, let misshapen):
      "\(file) does not fit this model's configuration: "
        + Self.list([
          ("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen),
        ]) + "; use the weights and the config.json of one model."
    }
  }

  /// Each kind of mismatch with its count and its first ten names.
  private static func list(_ kinds: [(kind: String, names: [String])]) -> String {
    kinds.filter { !$0.names.isEmpty }.map { kind, names in
      let shown = names.prefix(10).joined(separator: ", ")
      return "\(names.count) \(kind) (\(shown)\(names.count > 10 ? ", ..." : ""))"
    }.joined(separator: ", ")
  }
}
