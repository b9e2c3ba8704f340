import StableDiffusion

extension Infotext {
  /// The infotext of a picture without a record: in a sample grid, a comparison or a cache. It has the
  /// names of model and adapters, and no hashes. Caches compare it, so its form must not change.
  ///
  /// - Parameters:
  ///   - options: with width and height.
  ///   - sampler: the sampler's name in A1111's web UI.
  ///   - adapters: names with strengths.
  package init(_ options: DrawingOptions, sampler: String, model: String, adapters: [String]) {
    var fields = [
      Field("Steps", "\(options.steps)"), Field("Sampler", sampler),
      Field("CFG scale", "\(options.guidance)"), Field("Seed", "\(options.seed)"),
      Field("Size", "\(options.width ?? 0)x\(options.height ?? 0)"),
      Field("Model", model, isQuotable: false),
    ]
    if !adapters.isEmpty {
      fields.append(Field("LoRA", adapters.joined(separator: " "), isQuotable: false))
    }
    self.init(prompt: options.prompt ?? "", negative: options.negative, fields: fields)
  }
}
