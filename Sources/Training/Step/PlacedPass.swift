import StableDiffusion

/// The samples of a forward pass on the device.
struct PlacedPass {
  /// The subject's samples, and after them the class images if these have the same size.
  let samples: PassInputs
  /// How many samples show the subject, if class images follow them.
  let instanceCount: Int?
  /// The class images of another size than the subject's samples; nil without.
  let classImages: PassInputs?

  /// What passes with the same shapes in the same memory have in common.
  struct Layout: Hashable {
    fileprivate let buffers: [ObjectIdentifier]
    fileprivate let instanceCount: Int?
  }

  /// The layout of this pass.
  var layout: Layout {
    Layout(
      buffers: [samples.buffer] + (classImages.map { [$0.buffer] } ?? []),
      instanceCount: instanceCount)
  }
}
