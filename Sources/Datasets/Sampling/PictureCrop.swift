package import Images

/// A picture as one sample of training sees it, decoded, resampled, cropped and mirrored.
package struct PictureCrop: Sendable {
  /// Of the target's size.
  package let picture: RGBImage
  /// What weighs the loss, of the target's size: 255 counts whole. nil: all of it does.
  package let mask: GrayImage?
}
