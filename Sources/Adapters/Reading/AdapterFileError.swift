public import Files
public import NN
public import StableDiffusion

/// An adapter file that cannot be used.
public enum AdapterFileError: ReportableError, Equatable {
  /// Tensor names that belong to no kind of adapter.
  case unknownTensors(file: String, names: [String])
  /// Weights of another kind, such as a model.
  case otherContent(file: String, WeightsContent)
  /// An adapter of a kind that is not supported; `names` are the tensors that show it.
  case otherKind(file: String, kind: String, names: [String])
  /// A folder without an adapter under one of these names; `others` are adapters in it, perhaps.
  case noAdapter(folder: String, names: [String], others: [String])
  /// The file has no tensors.
  case empty(file: String)
  /// A layer's tensors are not those of one adapter.
  case mixed(file: String, layer: String, names: [String])
  /// The metadata says by `key` that the adapter is a DoRA, and a layer has no magnitudes.
  case noMagnitudes(file: String, layer: String, key: String, tensor: String)
  /// A form has no place for some layers' adapters.
  case noForm(file: String, format: AdapterFormat, kind: String, layers: [String])
  /// A layer's tensors make no adapter.
  case damaged(file: String, layer: String, problem: AdapterError)
  /// The rank and alpha in the file, or in the one beside it, cannot be read.
  case malformedMetadata(file: String, problem: String)
  /// A layer's alpha is not one number.
  case alpha(file: String, layer: String, shape: [Int])
  /// Two names in the file are those of one layer.
  case twice(file: String, layer: String)
  /// A tensor of a layer has values that are infinite or not numbers.
  case notNumbers(file: String, layer: String)
  /// Values that the file's type cannot represent.
  case notFinite(file: String, layers: [String], type: String)
  /// The adapter is for another family of models.
  case otherFamily(file: String, family: ModelFamily)
  /// The model lacks some of the file's layers, or has them in another size.
  case otherModel(file: String, missing: [String], misshapen: [String], layers: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unknownTensors(let file, let names):
      "\(file) contains \(Self.list(names)), which \(names.count == 1 ? "is" : "are") not part of a "
        + "LoRA in the naming of diffusers, PEFT or kohya; convert the file to one of these."
    case .otherContent(let file, let content):
      "\(file) is \(content), not a LoRA; choose a LoRA for SDXL."
    case .otherKind(let file, let kind, let names):
      "\(file) has \(kind) (\(Self.list(names))), which is not read; use a LoRA, or merge the file "
        + "into its base model with the program that made it."
    case .noAdapter(let folder, let names, let others):
      "\(folder) is a folder without an adapter (\(names.joined(separator: ", "))); give the "
        + "adapter's .safetensors file itself"
        + (others.isEmpty ? "." : ", or one of \(listing(others)) in it.")
    case .empty(let file):
      "\(file) contains no tensors; use a LoRA that was saved completely."
    case .mixed(let file, let layer, let names):
      "\(file) has tensors of more than one adapter for \(layer) (\(Self.list(names))); use a file "
        + "with one adapter for each layer."
    case .noMagnitudes(let file, let layer, let key, let tensor):
      "\(file) is a DoRA by its metadata (\(key)) but has no \(tensor) for \(layer); use a "
        + "file that was saved completely, or correct the metadata if it is a LoRA."
    case .noForm(let file, let format, let kind, let layers):
      "\(file) cannot be written in the form of \(format.rawValue), which has no \(kind) for "
        + "\(layers.count) layers (\(Self.list(layers))); choose the form of kohya."
    case .damaged(let file, let layer, .incomplete(let missing)):
      "\(file) has no \(Self.list(missing)) for \(layer); use a LoRA that was saved completely."
    case .damaged(let file, let layer, .shapes(let shapes)):
      "\(file) has matrices of shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) for "
        + "\(layer), which do not belong together; use a LoRA that was saved completely."
    case .damaged(let file, let layer, let problem):
      "\(file) cannot be used for \(layer): \(problem)"
    case .malformedMetadata(let file, let problem):
      "\(file) does not give the adapter's rank and alpha in PEFT's form: \(problem); save the "
        + "adapter again, or correct the file."
    case .alpha(let file, let layer, let shape):
      "\(file) has an alpha of shape \(shape) for \(layer) instead of one number; use a LoRA that "
        + "was saved completely."
    case .twice(let file, let layer):
      "\(file) has two adapters for \(layer); use a file with one adapter for each layer."
    case .notNumbers(let file, let layer):
      "\(file) has values that are infinite or not numbers for \(layer); use an earlier checkpoint of "
        + "that training."
    case .notFinite(let file, let layers, let type):
      "\(file) cannot be written, because the adapters of \(layers.count) layers "
        + "(\(Self.list(layers))) have values that are no finite numbers in \(type); choose fp32, or "
        + "an earlier checkpoint."
    case .otherFamily(let file, let family):
      "\(file) is a LoRA for \(family.rawValue) and not for an SDXL base model; use it with the model "
        + "that it was trained on, or choose a LoRA for SDXL."
    case .otherModel(let file, let missing, let misshapen, let layers):
      "\(file) does not fit this base model: of its \(layers) layers, "
        + [
          missing.isEmpty
            ? nil : "\(missing.count) are missing in the model (\(Self.list(missing)))",
          misshapen.isEmpty
            ? nil : "\(misshapen.count) have another size (\(Self.list(misshapen)))",
        ].compactMap { $0 }.joined(separator: " and ")
        + "; use the model that the LoRA was trained on."
    }
  }

  /// The first three names, and how many more there are.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}
