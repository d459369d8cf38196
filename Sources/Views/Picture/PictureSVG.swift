/// All entries of a picture below each other, as one SVG image.
struct PictureSVG {
    private let picture: Picture

    init(_ picture: Picture) {
        self.picture = picture
    }

    func document() -> SVGDocument {
        var svg = SVGDocument(title: picture.title)
        var y = 0
        if picture.entries.count != 1 || picture.omitted > 0 {
            svg.text(picture.title, x: WalkSVG.margin, y: 30, .name)
            y = 34
        }
        for (index, entry) in picture.entries.enumerated() {
            if index > 0 { svg.line(x1: WalkSVG.margin, y1: y + 4, x2: WalkSVG.right, y2: y + 4, .rule) }
            y = WalkSVG(entry.drawing).draw(at: y, time: picture.entries.count > 1 ? entry.time : "", in: &svg) + 24
        }
        if let remark = picture.remark { svg.text(remark, x: WalkSVG.margin, y: y + 20, .dim) }
        return svg
    }
}
