/** uPlot stands before the page's own scripts, as a global. */
declare const uPlot: typeof import('uplot')
