import NN
public import StableDiffusion
import Torch

extension AdapterFile {
  /// The name of the first layer of the file that a model lacks or has in another size; nil if all
  /// fit. Throws `AdapterError`, `TorchError`.
  public func misfit(in model: AdaptableLayers) throws -> String? {
    try layers.sorted { $0.key.text < $1.key.text }.first { name, adapter in
      guard let layer = name.layer(of: model) else { return true }
      do {
        _ = try adapter.fitted(to: layer.shape, on: .cpu)
        return false
      } catch AdapterError.otherWeight {
        return true
      }
    }?.key.text
  }
}
