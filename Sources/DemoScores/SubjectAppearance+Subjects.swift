import Images

extension SubjectAppearance {
  /// The cartoon cricketer: a blue helmet above a yellow shirt, a wooden bat beside it.
  ///
  /// Calibrated at 64 px on pictures that went through a VAE like the demo model's or came out of such
  /// a model: of 144 true pictures (every pose on 12 backgrounds) 144 are present, at template
  /// distances of 20 to 42; of 48 by an adapter of 1000 steps 45, at 39 to 55, and the other 3 lack
  /// the bat. Of 930 false pictures (the base asked for him and for other characters and things, drawn
  /// scenes, yellow characters with blue ears and the reverse, teapots) none is: the distances start
  /// at 54, and at 70 where the layout holds. True pictures have 246 to 523 pixels of
  /// helmet and of shirt, 126 to 255 of bat; blur leaves 28 of a bat that can still be seen.
  public static let dhoni: SubjectAppearance = {
    let helmet = ColorArea(
      "helmet", shades: [.init(36, 76, 206), .init(20, 40, 124)], pixels: 140...900)
    let shirt = ColorArea(
      "shirt", shades: [.init(250, 208, 30), .init(226, 172, 16)], pixels: 140...900)
    let bat = ColorArea(
      "bat", shades: [.init(232, 190, 122), .init(246, 220, 120)], pixels: 20...600)
    let others = [
      ColorArea("skin", shades: [.init(198, 132, 84)]),
      ColorArea("pads", shades: [.init(250, 250, 246), .init(196, 202, 214)]),
      ColorArea("shoes", shades: [.init(52, 56, 72)]),
    ]
    return SubjectAppearance(
      name: "dhoni", words: "dhoni character",
      testBackgrounds: [.red, .black, .pink, .cyan, .orange, .purple, .brown],
      layout: ColorLayout(
        areas: [helmet, shirt, bat] + others,
        rules: [.above(helmet, shirt, pixels: 100), .beside(bat, shirt, pixels: 12)]),
      templateDistanceLimit: 60)
  }()

  /// The teapot: purple, with an orange lid above and an orange handle and spout beside it.
  ///
  /// Calibrated as dhoni is: of 144 true pictures 144 are present, at template distances of 12 to 39;
  /// of 48 by an adapter of 500 steps 35, at 28 to 54 (the other 13 are on red or yellow, where
  /// lid or handles are missing or took the background's colour); of 978 false ones 1, a purple fish on
  /// orange. Purple things without orange come as near as 37, so here it is the layout that decides.
  public static let teapot: SubjectAppearance = {
    let pot = ColorArea(
      "pot", shades: [.init(126, 48, 172), .init(168, 104, 208)], pixels: 300...1600)
    let trim = ColorArea(
      "trim", shades: [.init(246, 140, 30), .init(214, 106, 14), .init(250, 90, 30)],
      pixels: 150...1200)
    return SubjectAppearance(
      name: "teapot", words: "sks teapot",
      testBackgrounds: [.red, .black, .pink, .cyan, .yellow, .brown],
      layout: ColorLayout(
        areas: [pot, trim],
        rules: [.above(trim, pot, pixels: 20), .beside(trim, pot, pixels: 80)]),
      templateDistanceLimit: 55)
  }()
}

extension RGBColor {
  fileprivate init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.init(red: red, green: green, blue: blue)
  }
}
