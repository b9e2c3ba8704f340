/// An adapter file that does not fit.
public enum AdapterFileError: Error, Equatable, CustomStringConvertible {
  /// Tensors whose names are none of a LoRA's.
  case unknownTensors(file: String, names: [String])
  /// An adapter of another method, by the tensors that show it.
  case otherMethod(file: String, method: String, names: [String])
  /// No tensor at all.
  case empty(file: String)
  /// One of a layer's two matrices is missing.
  case half(file: String, layer: String)
  /// A layer's matrices do not belong together.
  case misshapen(file: String, layer: String, down: [Int], up: [Int])
  /// A layer's alpha is not one number.
  case alpha(file: String, layer: String, shape: [Int])
  /// Of the file's layers, some that the model does not have, and some that have another size there.
  case otherModel(file: String, missing: [String], misshapen: [String], layers: Int)

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unknownTensors(let file, let names):
      "\(file) holds \(Self.list(names)), which \(names.count == 1 ? "is" : "are") not part of a "
        + "LoRA in the naming of diffusers, PEFT or kohya; convert the file to one of these."
    case .otherMethod(let file, let method, let names):
      "\(file) is not a plain LoRA but \(method), by \(Self.list(names)); use a LoRA, or merge it "
        + "into its base model with the program that made it."
    case .empty(let file):
      "\(file) holds no tensors; use a LoRA that was saved whole."
    case .half(let file, let layer):
      "\(file) has not both of the two matrices of \(layer); use a LoRA that was saved whole."
    case .misshapen(let file, let layer, let down, let up):
      "\(file) has matrices of shapes \(down) and \(up) for \(layer), which do not belong together; "
        + "use a LoRA that was saved whole."
    case .alpha(let file, let layer, let shape):
      "\(file) has an alpha of shape \(shape) for \(layer), and not one number; use a LoRA that was "
        + "saved whole."
    case .otherModel(let file, let missing, let misshapen, let layers):
      "\(file) does not fit this base model: of its \(layers) layers "
        + [
          missing.isEmpty ? nil : "\(missing.count) are not there (\(Self.list(missing)))",
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
