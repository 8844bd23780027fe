import './base.css';
import './job.css';
import './shelves.css';
