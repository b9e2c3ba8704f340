import ArgumentParser
import DreamBooth
import Foundation
import Images
import StableDiffusion

/// A picture to draw over.
struct StartImageOptions: ParsableArguments {
  @Option(
    help: .value("A picture to draw over, PNG or JPEG; scaled and cut to the size to draw.", "file")
  )
  var image: String?
  @Option(
    help: .value("How much of it to draw anew: share of the steps, up to 1. Default: 0.6.", "x"))
  var strength: Double?

  func validate() throws {
    if strength != nil && image == nil {
      throw ValidationError("--strength needs a picture to draw over; give one with --image.")
    }
    if let strength, !(strength > 0 && strength <= 1) {
      throw ValidationError("--strength is \(strength), but must be above 0 and at most 1.")
    }
  }

  private var share: Double { strength ?? 0.6 }

  /// The picture in the size that is drawn; says where it had another. Throws `ImageError`,
  /// `ResamplingError`.
  func load(width: Int, height: Int) throws -> StartImage? {
    guard let image else { return nil }
    var picture = try ImageDecoder.decode(contentsOf: URL(filePath: image))
    if (picture.width, picture.height) != (width, height) {
      let resampling = Self.covering(picture, width: width, height: height)
      let isCut = resampling.resized != resampling.size
      Console.say(
        "\(image) has \(picture.width)x\(picture.height) pixels; it is scaled to "
          + "\(resampling.resized.width)x\(resampling.resized.height) (bicubic)"
          + (isCut ? " and cut to \(width)x\(height) around its middle." : "."))
      picture = try resampling(picture)
    }
    return StartImage(
      Picture(width: picture.width, height: picture.height, pixels: picture.pixels),
      strength: share)
  }

  /// The smallest scaling that covers a size, cut around the middle.
  private static func covering(_ picture: RGBImage, width: Int, height: Int) -> Resampling {
    let factor = max(
      Double(width) / Double(picture.width), Double(height) / Double(picture.height))
    let resized = PixelSize(
      width: max(Int((Double(picture.width) * factor).rounded()), width),
      height: max(Int((Double(picture.height) * factor).rounded()), height))
    return Resampling(
      resized: resized, top: (resized.height - height) / 2, left: (resized.width - width) / 2,
      size: PixelSize(width: width, height: height))
  }
}

/// Start pictures that were loaded already, one for each size.
final class StartImages {
  private var known: [String: StartImage] = [:]

  /// The picture in a size, loaded once. Throws as ``StartImageOptions/load(width:height:)``.
  func image(_ options: StartImageOptions, width: Int, height: Int) throws -> StartImage? {
    let size = "\(width)x\(height)"
    if let image = known[size] { return image }
    known[size] = try options.load(width: width, height: height)
    return known[size]
  }
}
