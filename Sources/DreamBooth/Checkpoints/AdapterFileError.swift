/// An adapter file that does not fit.
public enum AdapterFileError: Error, Equatable, CustomStringConvertible {
  /// A tensor whose name is none of a LoRA's for the UNet.
  case unknownTensor(file: String, name: String)
  /// No tensor at all.
  case empty(file: String)
  /// One of a layer's two matrices is missing.
  case half(file: String, layer: String)
  /// A layer's matrices do not belong together.
  case misshapen(file: String, layer: String, down: [Int], up: [Int])
  /// The UNet has no such layer.
  case noSuchLayer(file: String, layer: String)
  /// The UNet's layer has another size.
  case otherModel(file: String, layer: String, adapter: [Int], model: [Int])

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unknownTensor(let file, let name):
      "\(file) holds \(name), which is not part of a UNet's LoRA in diffusers' or PEFT's naming; "
        + "convert the file to one of these."
    case .empty(let file):
      "\(file) holds no tensors; use a LoRA that was saved whole."
    case .half(let file, let layer):
      "\(file) has only one of the two matrices of \(layer); use a LoRA that was saved whole."
    case .misshapen(let file, let layer, let down, let up):
      "\(file) has matrices of shapes \(down) and \(up) for \(layer), which do not belong together; "
        + "use a LoRA that was saved whole."
    case .noSuchLayer(let file, let layer):
      "\(file) adapts \(layer), which this base model does not have; use the model that the LoRA "
        + "was trained on."
    case .otherModel(let file, let layer, let adapter, let model):
      "\(file) adapts \(layer) as \(adapter), but in this base model it is \(model); use the model "
        + "that the LoRA was trained on."
    }
  }
}
