public import Images
public import Torch

/// What was recognised in one picture.
public struct PictureFinding: Sendable, Equatable, Codable {
  /// Whether the subject is in it.
  public let isPresent: Bool
  /// Root mean square difference (0 to 255) to the nearest rendering of the subject.
  public let templateDistance: Double
  /// The violations of the colour layout, each in a few words.
  public let layoutViolations: [String]
  /// The palette's word for the background.
  public let background: String

  /// A finding of these measures.
  public init(
    isPresent: Bool, templateDistance: Double, layoutViolations: [String], background: String
  ) {
    self.isPresent = isPresent
    self.templateDistance = templateDistance
    self.layoutViolations = layoutViolations
    self.background = background
  }
}

/// Decides whether a subject is in a picture, by its areas of colour and by its form.
///
/// Both measures must agree. The layout alone accepts any picture with enough of the colours in
/// about the right places, for example a striped object. The templates alone cannot distinguish a
/// small or missing part from blur. Together each needs only a mild threshold, so that the blur of
/// generated pictures does no harm. On a background in one of the subject's own colours the layout
/// is weaker, and the template distance must be smaller.
public struct SubjectDetector {
  private static let camouflagedFactor = 0.65

  private let appearance: SubjectAppearance
  private let matcher: TemplateMatcher

  /// Reads the subject's templates. Throws `DemoScoresError`, `ImageError`, `TorchError`.
  public init(_ appearance: SubjectAppearance) throws {
    self.appearance = appearance
    matcher = try TemplateMatcher(templatesIn: appearance.templates)
  }

  /// Examines a picture of any size. Throws `TorchError`.
  public func detect(in image: RGBImage) throws(TorchError) -> PictureFinding {
    let picture = try ScoredPicture(image)
    let distance = try matcher.distance(to: picture)
    let violations = appearance.layout.violations(in: picture)
    let isCamouflaged = appearance.layout.hidesRequiredArea(on: picture.background)
    let limit = appearance.templateDistanceLimit * (isCamouflaged ? Self.camouflagedFactor : 1)
    return PictureFinding(
      isPresent: violations.isEmpty && distance < limit,
      templateDistance: distance, layoutViolations: violations,
      background: PaletteColor.nearest(to: picture.background).rawValue)
  }
}
