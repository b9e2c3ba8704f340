package import Options
package import StableDiffusion

extension TrainingConfig {
  /// Side of the square whose area training sees, in pixels: the model's own where nothing else is
  /// asked for. Throws `ConfigError` for one that the model cannot have.
  package func resolution(for model: ModelDirectory) throws(ConfigError) -> Int {
    let resolution = resolution ?? (model.unet.sampleSize ?? 128) * model.vae.scale
    guard resolution.isMultiple(of: model.vae.scale) else {
      throw .invalidValue(
        key: Self.schema.key(of: \.$resolution), origin: .builtIn, found: "\(resolution)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    return resolution
  }
}
