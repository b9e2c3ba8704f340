import StableDiffusion

/// The samples of a forward pass on the device.
struct PlacedPass {
  /// The subject's samples, and after them the class images if these have the same size, or the same samples
  /// with texts of the class.
  let samples: PassInputs
  /// How many samples show the subject, if others follow them.
  var instanceCount: Int?
  /// The class images of another size than the subject's samples; nil without.
  var classImages: PassInputs?
  /// Whether the samples after the subject's keep the base model's prediction.
  var preservesOutput = false

  /// How much these samples count in the mean over all ranks.
  var weights = PartWeights()

  /// What passes with the same shapes in the same memory have in common.
  struct Layout: Hashable {
    fileprivate let buffers: [ObjectIdentifier]
    fileprivate let instanceCount: Int?
    fileprivate let preservesOutput: Bool
    fileprivate let weights: PartWeights
  }

  /// The layout of this pass.
  var layout: Layout {
    Layout(
      buffers: [samples.buffer] + (classImages.map { [$0.buffer] } ?? []),
      instanceCount: instanceCount, preservesOutput: preservesOutput, weights: weights)
  }
}
