import './base.css';
import './job.css';
import './runs.css';
