public import Foundation
public import StableDiffusion

/// The metadata of Stability AI's modelspec 1.0.1, which programs show with an adapter
/// (github.com/Stability-AI/ModelSpec).
public struct ModelSpec: Sendable {
  /// The title that programs list.
  public var title: String
  /// The resolution of the training in pixels.
  public var resolution: Int?
  /// What the model predicts: `epsilon` or `v`.
  public var predictionType: String?
  /// The words that call the subject up in a prompt.
  public var triggerPhrase: String?
  /// Words that describe the adapter.
  public var tags: [String] = []
  /// Who made the adapter.
  public var author: String?
  /// The licence of the adapter.
  public var license: String?
  /// What the adapter is, in a few sentences.
  public var description: String?
  /// How to use the adapter.
  public var usageHint: String?
  /// When the adapter was made.
  public var date: Date?
  /// A PNG file with an example picture.
  public var thumbnail: Data?
  /// The files that were merged into the adapter.
  public var mergedFrom: [String] = []

  /// The metadata key of ``triggerPhrase``.
  package static let triggerKey = "modelspec.trigger_phrase"

  private let architecture: String?

  /// The metadata of an adapter for a model.
  public init(title: String, of unet: UNetConfiguration) {
    self.title = title
    architecture = SDXLVersion(unet).map { "\($0.architecture)/lora" }
  }

  /// The entries of a file's header.
  public var metadata: [String: String] {
    let values: [String: String?] = [
      "sai_model_spec": "1.0.1", "architecture": architecture,
      "implementation": "https://github.com/Stability-AI/generative-models", "title": title,
      "resolution": resolution.map { "\($0)x\($0)" }, "prediction_type": predictionType,
      "trigger_phrase": triggerPhrase, "tags": Self.list(tags), "author": author,
      "license": license, "description": description, "usage_hint": usageHint,
      "date": date?.formatted(.iso8601),
      "thumbnail": thumbnail.map { "data:image/png;base64,\($0.base64EncodedString())" },
      "merged_from": Self.list(mergedFrom),
    ]
    return Dictionary(
      uniqueKeysWithValues: values.compactMap { key, value in
        value.map { ("modelspec.\(key)", $0) }
      })
  }

  private static func list(_ values: [String]) -> String? {
    values.isEmpty ? nil : values.joined(separator: ", ")
  }
}

/// A published version of SDXL, recognised by the sizes of its UNet.
public enum SDXLVersion: Sendable {
  /// stable-diffusion-xl-base-1.0, or a model made from it.
  case base
  /// stable-diffusion-xl-refiner-1.0, or a model made from it.
  case refiner

  /// Nil for a UNet of other sizes.
  public init?(_ unet: UNetConfiguration) {
    switch (unet.blockOutChannels, unet.crossAttentionDim.first) {
    case ([320, 640, 1280], 2048): self = .base
    case ([384, 768, 1536, 1536], 1280): self = .refiner
    default: return nil
    }
  }

  /// modelspec's name of the architecture.
  var architecture: String {
    switch self {
    case .base: "stable-diffusion-xl-v1-base"
    case .refiner: "stable-diffusion-xl-v1-refiner"
    }
  }

  /// kohya's name of the base model: `ss_base_model_version`.
  public var kohyaName: String {
    switch self {
    case .base: "sdxl_base_v1-0"
    case .refiner: "sdxl_refiner_v1-0"
    }
  }
}
