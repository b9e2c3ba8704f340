public import NN
public import StableDiffusion
package import Torch

/// A form of adapter files. ``AdapterFile`` reads all of them.
public enum AdapterFormat: String, CaseIterable, Sendable {
  /// The form of kohya's sd-scripts: `lora_unet_<layer>.lora_down.weight`, `lora_up.weight` and a
  /// scalar `alpha` for each layer. A1111, Forge, ComfyUI and InvokeAI load it, and diffusers loads LoRAs.
  case kohya
  /// The form of diffusers' `save_lora_weights`: `unet.<layer>.lora_A.weight` and `lora_B.weight`.
  case diffusers
  /// The form of PEFT's `save_pretrained`: a folder with `adapter_model.safetensors` and
  /// `adapter_config.json`, and one more for each text encoder.
  case peft
}

/// How kohya's form names the blocks of a UNet.
public enum KohyaBlockNames: String, CaseIterable, Sendable {
  /// The names of SDXL's original implementation, such as `input_blocks_4_1`, which every program
  /// knows.
  case sgm
  /// The names of diffusers, such as `down_blocks_1_attentions_0`, which some programs do not know.
  case diffusers
}

/// The adapters of a model's layers.
public typealias LayerAdapters = [AdaptableLayers.Layer: any AdapterKind]

extension AdaptableLayers.Layer {
  /// The tensors of an adapter of this layer in kohya's form, with the layer's alpha. Throws
  /// `AdapterError.strength`, `TorchError`.
  package func kohyaTensors(
    of adapter: any AdapterKind, blocks: KohyaBlockNames = .sgm
  ) throws -> [(name: String, tensor: Tensor)] {
    let layer = blocks == .sgm ? kohyaName : kohyaDiffusersName
    let stored = try adapter.stored()
    let names = type(of: stored).kohyaNames
    return try stored.tensors.map { ("\(layer).\(names[$0.name] ?? $0.name)", $0.tensor) }
      + (stored.alpha.map { [("\(layer).\(AdapterTensorName.alpha)", try .full([], value: $0))] }
        ?? [])
  }

  /// The tensors of an adapter of this layer in the form of diffusers. Throws `TorchError`.
  ///
  /// diffusers loads adapters of text encoders by transformers, which finds the magnitudes of a DoRA only by
  /// the name of their parameter.
  func diffusersTensors(of adapter: any AdapterKind) throws -> [(name: String, tensor: Tensor)] {
    try pathTensors(of: adapter, prefix: "\(part.rawValue).").map { name, tensor in
      let isMagnitude = name.hasSuffix(".lora_magnitude_vector")
      return (isMagnitude && part != .unet ? "\(name).weight" : name, tensor)
    }
  }

  /// The tensors of an adapter of this layer in the form of diffusers, or of PEFT; none if these do
  /// not have its kind. Throws `TorchError`.
  func pathTensors(
    of adapter: any AdapterKind, prefix: String
  ) throws -> [(name: String, tensor: Tensor)] {
    try adapter.stored().peftTensors()?.map { ("\(prefix)\(path).\($0.name)", $0.tensor) } ?? []
  }
}
